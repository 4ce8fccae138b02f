// SPDX-License-Identifier: Apache-2.0

import Ciphers
package import KeePassHTTP

/// A nonce that has been used, as it is kept: hashes alone, which say nothing of clients or keys.
package struct UsedNonce: Hashable, Sendable {
    /// What it was used for.
    enum Kind: UInt8, Sendable {
        /// It signed a change: no other change may have it, nor anything with an Hmac.
        case change = 1
        /// Too many fields under it didn't decrypt: nothing may have it.
        case exhausted = 2
        /// It signed a read that had an Hmac: nothing with an Hmac may have it.
        case read = 3
    }

    /// The first half of SHA-256 over the key's fingerprint and the nonce.
    struct Mark: Hashable, Sendable {
        let high: UInt64
        let low: UInt64
    }

    let mark: Mark
    /// Of the key, so that one client's can't fill the memory for all.
    let owner: UInt64
    /// Seconds since 1970.
    let time: UInt64

    /// The length of a record.
    static let recordLength = 32

    /// Marks the nonce of a message.
    package init(_ nonce: Nonce, of owner: NonceOwner, time: UInt64) {
        let digest = Digest.sha256(owner.prefix + nonce.iv.bytes)
        mark = Mark(high: UInt64(bytes: digest[0..<8]), low: UInt64(bytes: digest[8..<16]))
        self.owner = owner.number
        self.time = time
    }

    init(mark: Mark, owner: UInt64, time: UInt64) {
        (self.mark, self.owner, self.time) = (mark, owner, time)
    }

    /// Reads a record; nil for one of an unknown kind.
    static func decode(_ record: ArraySlice<UInt8>) -> (UsedNonce, Kind)? {
        let start = record.startIndex
        guard record.count == recordLength, let kind = Kind(rawValue: record[start]) else { return nil }
        let mark = Mark(
            high: UInt64(bytes: record[(start + 16)..<(start + 24)]),
            low: UInt64(bytes: record[(start + 24)...])
        )
        let owner = UInt64(bytes: record[(start + 1)..<(start + 8)])
        return (
            UsedNonce(mark: mark, owner: owner, time: UInt64(bytes: record[(start + 8)..<(start + 16)])),
            kind
        )
    }

    /// The record of it.
    func encoded(as kind: Kind) -> [UInt8] {
        // The owner's highest byte is zero.
        let parts = [UInt64(kind.rawValue) << 56 | owner, time, mark.high, mark.low]
        var record: [UInt8] = []
        record.reserveCapacity(Self.recordLength)
        for part in parts {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                record.append(UInt8(truncatingIfNeeded: part >> shift))
            }
        }
        return record
    }
}

/// The key that nonces are used under, as far as they are kept by it.
package struct NonceOwner: Sendable {
    /// What each mark's digest begins with.
    fileprivate let prefix: [UInt8]
    fileprivate let number: UInt64

    /// Takes the key's fingerprint.
    package init(fingerprint: String) {
        let bytes = Array(fingerprint.utf8)
        prefix = bytes + [0]
        // A byte makes way for the kind in what is written.
        number = UInt64(bytes: Digest.sha256(bytes)[0..<8]) >> 8
    }
}

extension UInt64 {
    fileprivate init(bytes: ArraySlice<UInt8>) {
        self = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
