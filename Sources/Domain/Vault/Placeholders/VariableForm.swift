// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// What has the form of an environment variable, `%NAME%`: KeePass puts its value in wherever it resolves placeholders,
/// as in a URL that it opens and in what it types.
///
/// Which variables there are only that computer knows, so that it goes by their usual names: five letters and
/// underscores or more, digits among them where there is an underscore, and some short ones. Bytes of a URL
/// (`%C3%A4hnlich%20`) and a percent sign behind a number are text.
struct VariableForm {
    /// What has been read of a name since the last percent sign, in upper case; nil where there is none.
    private var name: String?
    /// Whether that percent sign stands behind a byte in hexadecimal digits.
    private var followsByte = false

    /// No name is longer.
    private static let longestName = 64
    /// Usual names that are too short for the rule, or have a digit in them.
    private static let names: Set<String> = [
        "OS", "TMP", "TEMP", "PATH", "HOME", "USER", "LANG", "TERM", "MAIL", "PWD", "PROGRAMFILES(X86)",
        "COMMONPROGRAMFILES(X86)", "PROGRAMW6432", "COMMONPROGRAMW6432",
    ]

    /// Whether the form is complete with this scalar.
    mutating func completes(with scalar: Unicode.Scalar) -> Bool {
        guard scalar != "%" else {
            let read = name ?? ""
            defer {
                followsByte = read.utf8.count == 2 && Self.beginsWithByte(read)
                name = ""
            }
            return Self.names.contains(read) || isUsual(read)
        }
        // What a store, or whatever shows it, might leave out.
        guard let name, !PlainText.isHidden(scalar), !PlainText.isUnknown(scalar) else { return false }
        let letter = scalar == "(" || scalar == ")" ? String(scalar) : PlaceholderForm.letter(scalar)
        guard let letter, name.utf8.count < Self.longestName else {
            self.name = nil
            return false
        }
        self.name = name + letter
        return false
    }

    private func isUsual(_ name: String) -> Bool {
        let hasUnderscore = name.utf8.contains(UInt8(ascii: "_"))
        guard name.utf8.count >= 5, let first = name.utf8.first, !Self.isDigit(first),
            name.utf8.allSatisfy({ Self.isLetter($0) || hasUnderscore && Self.isDigit($0) })
        else { return false }
        // In UTF-8 a byte before a letter is the last of several, which is one of 80 to BF.
        return
            !(followsByte && (first == UInt8(ascii: "A") || first == UInt8(ascii: "B"))
            && Self.beginsWithByte(name))
    }

    private static func beginsWithByte(_ name: String) -> Bool {
        name.utf8.prefix(2).allSatisfy { isDigit($0) || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains($0) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "_")
    }
}
