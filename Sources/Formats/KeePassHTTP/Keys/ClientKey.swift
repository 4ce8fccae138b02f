// SPDX-License-Identifier: Apache-2.0

import Ciphers
package import SecureMemory

/// The key that a client and Keybell share: 16, 24 or 32 bytes, chosen by the client.
package struct ClientKey: Equatable, Sendable {
    /// The key itself.
    package let bytes: SecretBytes
    /// The same, prepared for codes.
    let hmac: HMACKey

    /// Takes a key, if it has a length that AES takes.
    package init?(_ bytes: SecretBytes) {
        guard [16, 24, 32].contains(bytes.count) else { return nil }
        self.init(whole: bytes)
    }

    /// Reads a key as it comes in `Key`, and as it is kept in the keyring; white space is passed over.
    package init?(base64 text: SecretBytes) {
        guard let bytes = SecretBytes(base64: text) else { return nil }
        self.init(bytes)
    }

    /// Whether anybody could guess it: a key of zeros, or of a few bytes repeated, which no generator produces.
    package var isGuessable: Bool {
        bytes.withSpan { span in
            var different: Set<UInt8> = []
            for index in span.indices { different.insert(span[index]) }
            return different.count < Self.fewestDifferentBytes
        }
    }

    /// Of 16 random bytes, one key in 10¹⁶ has fewer than five different ones.
    private static let fewestDifferentBytes = 5

    /// A fresh key of 32 bytes.
    package static func random() -> ClientKey { ClientKey(whole: Randomness.secret(32)) }

    /// The base64 text, as secret as the key.
    package func base64() -> SecretBytes { bytes.base64() }

    /// What a person may compare: the first 8 bytes of the key's SHA-256, `3F:A2:…`.
    package var fingerprint: String {
        Digest.sha256(bytes).prefix(8).map { Hex.text([$0], uppercase: true) }.joined(separator: ":")
    }

    private init(whole bytes: SecretBytes) {
        self.bytes = bytes
        hmac = HMACKey(bytes)
    }

    package static func == (left: ClientKey, right: ClientKey) -> Bool { left.bytes == right.bytes }
}
