// SPDX-License-Identifier: Apache-2.0

package import Ciphers
import SecureMemory

/// Whether the content is compressed.
package enum Compression: UInt32, Hashable, Sendable, CaseIterable {
    /// As it is.
    case none = 0
    /// By gzip.
    case gzip = 1
}

extension OuterHeader {
    /// What the content is encrypted with.
    package var cipher: BulkCipher {
        get throws(KDBXError) {
            let identifier = try required(.cipher, count: 16)
            guard let cipher = BulkCipher.allCases.first(where: { $0.identifier == identifier }) else {
                throw .unsupportedCipher(Hex.text(identifier))
            }
            return cipher
        }
    }

    /// Whether the content is compressed.
    package var compression: Compression {
        get throws(KDBXError) {
            let bytes = try required(.compression, count: 4)
            guard let number = UInt32(littleEndian: bytes) else { throw .damaged(.header) }
            guard let compression = Compression(rawValue: number) else {
                throw .unsupportedCompression(number)
            }
            return compression
        }
    }

    /// The key derivation.
    package var keyDerivation: KeyDerivation {
        get throws(KDBXError) {
            if version.isModern {
                return try KeyDerivation(VariantDictionary(parsing: required(.keyDerivation)))
            }
            guard let rounds = UInt64(littleEndian: try required(.transformRounds)) else {
                throw .damaged(.header)
            }
            return .aes(seed: try required(.transformSeed, count: 32), rounds: rounds)
        }
    }

    /// Bytes that mix the content's keys anew each time the file is written.
    var masterSeed: [UInt8] {
        get throws(KDBXError) { try required(.masterSeed, count: 32) }
    }

    /// The cipher's initialization vector or nonce.
    var nonce: [UInt8] {
        get throws(KDBXError) { try required(.nonce, count: cipher.nonceCount) }
    }

    mutating func set(_ derivation: KeyDerivation) {
        guard version.isModern else {
            if case .aes(let seed, let rounds) = derivation {
                self[.transformSeed] = seed
                self[.transformRounds] = rounds.littleEndianBytes
            }
            return
        }
        // Into the existing dictionary, to keep what else is in it; an unreadable one is replaced.
        let former = self[.keyDerivation].flatMap { try? VariantDictionary(parsing: $0) }
        self[.keyDerivation] = derivation.dictionary(changing: former ?? VariantDictionary()).encoded
    }
}

extension BulkCipher {
    var identifier: [UInt8] {
        switch self {
        case .aes256:
            [0x31, 0xC1, 0xF2, 0xE6, 0xBF, 0x71, 0x43, 0x50, 0xBE, 0x58, 0x05, 0x21, 0x6A, 0xFC, 0x5A, 0xFF]
        case .twofish256:
            [0xAD, 0x68, 0xF2, 0x9F, 0x57, 0x6F, 0x4B, 0xB9, 0xA3, 0x6A, 0xD4, 0x7A, 0xF9, 0x65, 0x34, 0x6C]
        case .chaCha20:
            [0xD6, 0x03, 0x8A, 0x2B, 0x8B, 0x6F, 0x4C, 0xB5, 0xA5, 0x24, 0x33, 0x9A, 0x31, 0xDB, 0xB5, 0x9A]
        }
    }
}
