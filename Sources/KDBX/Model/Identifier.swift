// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Secrecy

/// What an entry or a group is known by, across files and for good: a UUID.
package struct Identifier: Hashable, Sendable {
    /// Its 16 bytes.
    package let bytes: [UInt8]

    /// All zeros, which stands for none.
    package static let none = Identifier(whole: [UInt8](repeating: 0, count: 16))

    /// Takes these bytes, if there are 16.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.bytes = Array(bytes)
    }

    /// A fresh one.
    package static func random() -> Identifier { Identifier(whole: Randomness.bytes(16)) }

    /// Reads what a file has: base64.
    init?(base64 text: ArraySlice<UInt8>) {
        guard let bytes = Base64.decode(text) else { return nil }
        self.init(bytes)
    }

    private init(whole bytes: [UInt8]) { self.bytes = bytes }

    /// The text for a file.
    var base64: String { Base64.encode(bytes) }

    /// The 32 hex digits in upper case.
    package var hexText: String { hex(bytes).uppercased() }
}
