// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP

/// How often the fields of one key's messages failed to decrypt, by nonce, so that no padding can be guessed.
///
/// Only verified messages count, so that nobody without a key can fill it. It lives as long as the daemon; that a nonce
/// is used up is kept by `NonceRegistry` beyond that.
struct DecryptionFailures {
    /// How many requests whose fields don't decrypt use a nonce up.
    static let perNonce = 8
    /// How many nonces with failures are remembered; a key that has more is refused altogether.
    static let limit = 65_536

    private var strikes: [Nonce: Int] = [:]

    /// Whether messages under this nonce are refused.
    func refuses(_ nonce: Nonce) -> Bool {
        strikes.count >= Self.limit || strikes[nonce, default: 0] >= Self.perNonce
    }

    /// Counts a request under this nonce whose fields did not decrypt.
    ///
    /// - Returns: Whether that was its last allowed failure.
    mutating func strike(_ nonce: Nonce) -> Bool {
        strikes[nonce, default: 0] += 1
        return strikes[nonce] == Self.perNonce
    }
}
