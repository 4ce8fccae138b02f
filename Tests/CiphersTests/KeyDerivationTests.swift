// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Testing

@Suite struct KeyDerivationTests {
    /// RFC 9106, sections 5.1 and 5.3: 32 bytes of 1, 16 of 2, 8 of 3, 12 of 4.
    @Test(
        arguments: [
            (Argon2.Variant.d, "512b391b6f1162975371d30919734294f868e3be3984f3c1a13a4db9fabe4acb"),
            (Argon2.Variant.id, "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"),
        ]
    )
    func `Argon2 gives what RFC 9106 says`(variant: Argon2.Variant, tag: String) throws {
        let key = try Argon2(variant, memory: 32, iterations: 3, lanes: 4).derive(
            from: SecretBytes(copying: [UInt8](repeating: 1, count: 32)),
            salt: [UInt8](repeating: 2, count: 16),
            secret: SecretBytes(copying: [UInt8](repeating: 3, count: 8)),
            associated: [UInt8](repeating: 4, count: 12)
        )
        #expect(key == SecretBytes(copying: hex(tag)))
    }

    @Test func `Argon2 refuses what it does not allow`() {
        let password = SecretBytes(utf8: "x")
        let salt = [UInt8](repeating: 0, count: 16)
        let wrong = [
            Argon2(.d, version: 0x11, memory: 64, iterations: 1, lanes: 1),
            Argon2(.d, memory: 7, iterations: 1, lanes: 1),
            Argon2(.d, memory: 64, iterations: 0, lanes: 1),
            Argon2(.d, memory: 64, iterations: 1, lanes: 0),
        ]
        for argon2 in wrong {
            #expect(throws: CipherError.failed) { try argon2.derive(from: password, salt: salt) }
        }
    }

    @Test(arguments: [0, 1, 2, 4095, 4096, 4097, 10_000])
    func `AES rounds in a chain are the rounds one by one`(rounds: UInt64) throws {
        let key = [UInt8](0..<32)
        let seed = [UInt8](100..<132)
        var block = key
        for _ in 0..<rounds { block = try ecb(block, key: seed) }
        let transformed = try AESKDF.transform(SecretBytes(copying: key), seed: seed, rounds: rounds)
        #expect(transformed == SecretBytes(copying: Digest.sha256(block)))
    }

    @Test func `AES rounds stop when told to`() throws {
        let key = SecretBytes(copying: [UInt8](0..<32))
        var calls = 0
        let result = try AESKDF.transform(key, seed: [UInt8](0..<32), rounds: .max) {
            calls += 1
            return calls > 3
        }
        #expect(result == nil)
    }

    @Test func `AES rounds want 32 bytes each`() {
        let key = SecretBytes(copying: [UInt8](0..<31))
        #expect(throws: CipherError.badKeyLength) {
            try AESKDF.transform(key, seed: [UInt8](0..<32), rounds: 1)
        }
    }

    /// Each half by itself: the first block of a chain that starts from zeros.
    private func ecb(_ bytes: [UInt8], key: [UInt8]) throws -> [UInt8] {
        try [bytes.prefix(16), bytes.suffix(16)].flatMap { half in
            try AESCBC.encrypt(SecretBytes(copying: half), key: SecretBytes(copying: key), iv: .zero).prefix(
                16
            )
        }
    }
}
