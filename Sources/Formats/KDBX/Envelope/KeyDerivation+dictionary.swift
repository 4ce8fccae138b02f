// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory

// How KDBX 4 writes a key derivation down.

extension KeyDerivation {
    /// Reads one.
    /// - Throws: `damaged(.dictionary)`, `unsupportedKeyDerivation`.
    package init(_ dictionary: VariantDictionary) throws(KDBXError) {
        guard let identifier = dictionary["$UUID"]?.asBytes, identifier.count == 16 else {
            throw .damaged(.dictionary)
        }
        switch identifier {
        case Identifier.aes, Identifier.aesOfKDBX4:
            guard let seed = dictionary["S"]?.asBytes, seed.count == 32,
                let rounds = dictionary["R"]?.asUInt64
            else { throw .damaged(.dictionary) }
            self = .aes(seed: seed, rounds: rounds)
        case Identifier.argon2d:
            self = .argon2(try Self.argon2(.d, dictionary))
        case Identifier.argon2id:
            self = .argon2(try Self.argon2(.id, dictionary))
        default:
            throw .unsupportedKeyDerivation(Hex.text(identifier))
        }
    }

    /// The most bytes of a salt and the like; programs write 32.
    private static let mostBytes = 4096

    private static func argon2(
        _ variant: Argon2.Variant,
        _ dictionary: VariantDictionary
    ) throws(KDBXError) -> Argon2Parameters {
        guard let salt = dictionary["S"]?.asBytes, let memory = dictionary["M"]?.asUInt64,
            let iterations = dictionary["I"]?.asUInt64, let lanes = dictionary["P"]?.asUInt32,
            let version = dictionary["V"]?.asUInt32
        else { throw .damaged(.dictionary) }
        // Argon2's own bounds: eight blocks of a kibibyte for each lane.
        guard [0x10, 0x13].contains(version), salt.count >= 8, iterations >= 1, lanes >= 1,
            memory / 8192 >= UInt64(lanes)
        else { throw .damaged(.dictionary) }
        var parameters = Argon2Parameters(variant, memory: memory, iterations: iterations, lanes: lanes)
        parameters.version = version
        parameters.salt = salt
        parameters.secret = dictionary["K"]?.asBytes ?? []
        parameters.associated = dictionary["A"]?.asBytes ?? []
        let sizes = [parameters.salt, parameters.secret, parameters.associated].map(\.count)
        guard sizes.allSatisfy({ $0 <= mostBytes }) else { throw .excessive(.fields) }
        return parameters
    }

    /// Writes it into a dictionary, leaving whatever else is in there.
    package func dictionary(changing former: VariantDictionary) -> VariantDictionary {
        var dictionary = former
        switch self {
        case .aes(let seed, let rounds):
            if dictionary["$UUID"]?.asBytes != Identifier.aesOfKDBX4 {
                dictionary["$UUID"] = .bytes(Identifier.aes)
            }
            dictionary["R"] = .uint64(rounds)
            dictionary["S"] = .bytes(seed)
        case .argon2(let parameters):
            let identifier = parameters.variant == .d ? Identifier.argon2d : Identifier.argon2id
            dictionary["$UUID"] = .bytes(identifier)
            dictionary["S"] = .bytes(parameters.salt)
            dictionary["P"] = .uint32(parameters.lanes)
            dictionary["M"] = .uint64(parameters.memory)
            dictionary["I"] = .uint64(parameters.iterations)
            dictionary["V"] = .uint32(parameters.version)
            if !parameters.secret.isEmpty { dictionary["K"] = .bytes(parameters.secret) }
            if !parameters.associated.isEmpty { dictionary["A"] = .bytes(parameters.associated) }
        }
        return dictionary
    }

    private enum Identifier {
        static let aes: [UInt8] = [
            0xC9, 0xD9, 0xF3, 0x9A, 0x62, 0x8A, 0x44, 0x60, 0xBF, 0x74, 0x0D, 0x08, 0xC1, 0x8A, 0x4F, 0xEA,
        ]
        static let aesOfKDBX4: [UInt8] = [
            0x7C, 0x02, 0xBB, 0x82, 0x79, 0xA7, 0x4A, 0xC0, 0x92, 0x7D, 0x11, 0x4A, 0x00, 0x64, 0x82, 0x38,
        ]
        static let argon2d: [UInt8] = [
            0xEF, 0x63, 0x6D, 0xDF, 0x8C, 0x29, 0x44, 0x4B, 0x91, 0xF7, 0xA9, 0xA4, 0x03, 0xE3, 0x0A, 0x0C,
        ]
        static let argon2id: [UInt8] = [
            0x9E, 0x29, 0x8B, 0x19, 0x56, 0xDB, 0x47, 0x73, 0xB2, 0x3D, 0xFC, 0x3E, 0xC6, 0xF0, 0xA1, 0xE6,
        ]
    }
}
