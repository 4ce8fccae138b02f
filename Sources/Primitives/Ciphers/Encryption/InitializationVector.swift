// SPDX-License-Identifier: Apache-2.0

/// The 16 bytes that a chain of AES blocks starts from.
package struct InitializationVector: Hashable, Sendable {
    /// How many bytes it has.
    package static let count = 16

    /// Its bytes, always 16.
    package let bytes: [UInt8]

    /// Takes these bytes, if there are 16.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.count else { return nil }
        self.bytes = Array(bytes)
    }

    /// A fresh one from the random generator.
    package static func random() -> InitializationVector {
        InitializationVector(whole: Randomness.bytes(count))
    }

    /// Sixteen zeros, for where work is to be done that does not count.
    package static let zero = InitializationVector(whole: [UInt8](repeating: 0, count: count))

    private init(whole bytes: [UInt8]) { self.bytes = bytes }
}
