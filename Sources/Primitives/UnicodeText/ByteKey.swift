// SPDX-License-Identifier: Apache-2.0

/// A text from outside as a key: compared and hashed by its bytes, and never longer than a name.
///
/// A `String` would be compared by canonical equivalence, so that two different texts are one key.
package struct ByteKey: Hashable, Sendable {
    /// More bytes than any name has.
    package static let longest = 256

    /// The text.
    package let text: String

    /// Takes a text; nil if it is too long to be a name of anything.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.longest else { return nil }
        self.text = text
    }

    package static func == (left: ByteKey, right: ByteKey) -> Bool {
        left.text.hasSameBytes(as: right.text)
    }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension String {
    /// Whether two texts are the same byte for byte; `==` considers two forms of one text the same.
    package func hasSameBytes(as other: String) -> Bool {
        let (mine, others) = (utf8.span, other.utf8.span)
        guard mine.count == others.count else { return false }
        for index in mine.indices where mine[index] != others[index] { return false }
        return true
    }
}
