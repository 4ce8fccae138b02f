// SPDX-License-Identifier: Apache-2.0

/// What a generated password is made of: the table `[generate]` of the configuration.
package struct PasswordRecipe: Hashable, Sendable {
    /// How many characters; a password is never shorter than it takes to have one of each class.
    package var length: Int
    /// The classes, each of which gives at least one character; none means all.
    package var classes: [CharacterClass]

    /// A recipe; without arguments, the configuration's default.
    package init(length: Int = 20, classes: [CharacterClass] = CharacterClass.allCases) {
        self.length = length
        self.classes = classes
    }
}

/// A kind of characters that a password may be made of, all of them ASCII.
package enum CharacterClass: String, Hashable, Sendable, CaseIterable {
    /// a to z.
    case lower
    /// A to Z.
    case upper
    /// 0 to 9.
    case digits
    /// Every other printable character but the space.
    case symbols

    /// Its characters.
    var bytes: [UInt8] {
        (UInt8(ascii: "!")...UInt8(ascii: "~")).filter { CharacterClass(of: $0) == self }
    }

    private init(of byte: UInt8) {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): self = .lower
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): self = .upper
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self = .digits
        default: self = .symbols
        }
    }
}
