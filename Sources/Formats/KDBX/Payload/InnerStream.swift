// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory

/// The key stream that protected values are encrypted with in the file, one after the other in document order.
struct InnerStream {
    /// Which key stream.
    enum Kind: UInt32, Hashable, Sendable, CaseIterable {
        case salsa20 = 2
        case chaCha20 = 3
    }

    let kind: Kind
    /// What stands in the file; the cipher's key is a hash of it.
    let key: SecretBytes

    init(number: UInt32, key: SecretBytes) throws(KDBXError) {
        guard let kind = Kind(rawValue: number) else { throw .unsupportedInnerStream(number) }
        self.kind = kind
        self.key = key
    }

    /// A fresh one for the next writing.
    init(fresh kind: Kind) {
        self.kind = kind
        key = Randomness.secret(kind == .salsa20 ? 32 : 64)
    }

    func start() throws(KDBXError) -> StreamCipher {
        do throws(CipherError) {
            switch kind {
            case .salsa20:
                let nonce: [UInt8] = [0xE8, 0x30, 0x09, 0x4B, 0x97, 0x20, 0x5D, 0x2A]
                return try StreamCipher(.salsa20, key: Digest.secretSHA256(key), nonce: nonce)
            case .chaCha20:
                let digest = Digest.secretSHA512(key)
                let (key, nonce) = digest.withSpan { span in
                    (
                        SecretBytes(capacity: 32) { output in
                            for index in 0..<32 { output.append(span[index]) }
                        }, (32..<44).map { span[$0] }
                    )
                }
                return try StreamCipher(.chaCha20, key: key, nonce: nonce)
            }
        } catch {
            throw .failed
        }
    }
}
