// SPDX-License-Identifier: Apache-2.0

import Ciphers

/// The UUIDs that replace those that entries lack, in the order of the file.
///
/// One is made from what its entry says, and from a number if others say the same. The last number for each is
/// remembered, so that a file of nothing but equal entries costs no more than any other.
struct ReplacementIDs {
    private var next: [[UInt8]: UInt32] = [:]

    /// The UUID of the next entry that says this; nil where there is none left.
    mutating func identifier(
        of facts: [UInt8],
        isTaken: (Identifier) -> Bool
    ) -> Identifier? {
        let digest = Digest.sha256(facts)
        var number = next[digest] ?? 0
        while number < .max {
            let id = Self.identifier(of: facts, number)
            number += 1
            guard let id, isTaken(id) else {
                next[digest] = number
                return id
            }
        }
        return nil
    }

    private static func identifier(of facts: [UInt8], _ number: UInt32) -> Identifier? {
        Identifier(
            Digest.sha256(Array("entry without a UUID".utf8) + number.littleEndianBytes + facts).prefix(16)
        )
    }
}
