// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory

/// What an entry or a group is known by, across files and for good: a UUID.
package struct Identifier: Hashable, Sendable {
    // Two words rather than an array: there is one of these for each entry.
    /// The first eight bytes, the first one highest.
    package let head: UInt64
    /// The other eight.
    package let tail: UInt64

    /// All zeros, which stands for none.
    package static let none = Identifier(head: 0, tail: 0)

    /// Takes these bytes, if there are 16.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.init(head: Self.number(bytes.prefix(8)), tail: Self.number(bytes.suffix(8)))
    }

    /// A fresh one.
    package static func random() -> Identifier {
        var generator = Randomness.Generator()
        return Identifier(head: generator.next(), tail: generator.next())
    }

    /// Reads what a file has: base64.
    init?(base64 text: ArraySlice<UInt8>) {
        guard text.count >= 24, let bytes = Base64.decode(text) else { return nil }
        self.init(bytes)
    }

    /// Takes its two halves.
    package init(head: UInt64, tail: UInt64) {
        self.head = head
        self.tail = tail
    }

    /// Its 16 bytes.
    package var bytes: [UInt8] { head.littleEndianBytes.reversed() + tail.littleEndianBytes.reversed() }

    /// The text for a file.
    var base64: String { Base64.encode(bytes) }

    /// The 32 hex digits in upper case.
    package var hexText: String { Hex.text(bytes, uppercase: true) }

    private static func number(_ bytes: some Collection<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
