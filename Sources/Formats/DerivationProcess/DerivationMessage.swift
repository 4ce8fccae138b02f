// SPDX-License-Identifier: Apache-2.0

import KDBX
import SecureMemory

/// What the process that derives a key is told, by a pipe.
///
///      0   4  process id of who asks
///      4   4  seconds that it may take
///      8   4  length of the dictionary
///     12   n  the derivation as KDBX 4 writes it down
///      …   m  what is derived from, up to the end
///
/// The answer is the derived key, and nothing where it failed.
enum DerivationMessage {
    /// Less than a pipe holds; any dictionary that passed the limits is smaller.
    static let longest = 32 << 10
    static let keyLength = 32

    /// The request.
    struct Request {
        let asker: Int32
        let seconds: Int
        let derivation: KeyDerivation
        let key: SecretBytes

        init(asker: Int32, seconds: Int, derivation: KeyDerivation, key: SecretBytes) {
            self.asker = asker
            self.seconds = seconds
            self.derivation = derivation
            self.key = key
        }

        /// Reads one; nil if it isn't complete.
        init?(_ message: SecretBytes) {
            let parsed = message.withSpan { span -> (Int32, Int, [UInt8], SecretBytes)? in
                guard span.count >= 12 else { return nil }
                func number(_ place: Int) -> UInt32 {
                    (0..<4).reduce(0) { $0 | UInt32(span[place + $1]) << ($1 * 8) }
                }
                let end = 12 + Int(number(8))
                guard end <= span.count else { return nil }
                let key = SecretBytes(capacity: span.count - end) { output in
                    for index in end..<span.count { output.append(span[index]) }
                }
                return (
                    Int32(bitPattern: number(0)), Int(number(4)), (12..<end).map { span[$0] }, key
                )
            }
            // An unreadable one would not have been sent.
            guard let (asker, seconds, bytes, key) = parsed,
                let dictionary = try? VariantDictionary(parsing: bytes),
                let derivation = try? KeyDerivation(dictionary)
            else { return nil }
            self.init(asker: asker, seconds: seconds, derivation: derivation, key: key)
        }

        var encoded: SecretBytes {
            let dictionary = derivation.dictionary(changing: VariantDictionary()).encoded
            return SecretBytes(capacity: 12 + dictionary.count + key.count) { output in
                for number in [
                    UInt32(bitPattern: asker), UInt32(clamping: seconds), UInt32(dictionary.count),
                ] {
                    for shift in stride(from: 0, to: 32, by: 8) {
                        output.append(UInt8(truncatingIfNeeded: number >> shift))
                    }
                }
                for byte in dictionary { output.append(byte) }
                key.withSpan { span in for index in span.indices { output.append(span[index]) } }
            }
        }
    }
}
