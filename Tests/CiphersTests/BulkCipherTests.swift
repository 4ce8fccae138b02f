// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Testing

@Suite struct BulkCipherTests {
    private static let key = SecretBytes(copying: [UInt8](0..<32))

    @Test(arguments: BulkCipher.allCases, [0, 1, 15, 16, 17, 1000])
    func `what is encrypted comes back`(cipher: BulkCipher, count: Int) throws {
        let plain = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let nonce = [UInt8](repeating: 7, count: cipher.nonceCount)
        let encrypted = try cipher.encrypt(plain, key: Self.key, nonce: nonce)
        #expect(encrypted != plain || plain.isEmpty)
        #expect(try cipher.decrypt(encrypted, key: Self.key, nonce: nonce) == plain)
        #expect(cipher.decryptBeginning(Array(encrypted.prefix(0)), key: Self.key, nonce: nonce) == [])
    }

    /// The Twofish paper's known answer for a key of 256 bits and a block of zeros, which a chain from zeros begins with.
    @Test func `Twofish gives the published answer`() throws {
        let key = hex("0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff")
        let zeros = [UInt8](repeating: 0, count: 16)
        let encrypted = try BulkCipher.twofish256.encrypt(zeros, key: SecretBytes(copying: key), nonce: zeros)
        #expect(Array(encrypted.prefix(16)) == hex("37527be0052334b89f0cfccae87cfa20"))
    }

    /// RFC 8439, section 2.4.2; its text starts at block 1, ours at block 0.
    @Test func `ChaCha20 gives what RFC 8439 says`() throws {
        let text =
            "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future"
        var bytes = [UInt8](repeating: 0, count: 64) + Array(text.utf8)
        let cipher = try StreamCipher(.chaCha20, key: Self.key, nonce: hex("000000000000004a00000000"))
        try cipher.apply(to: &bytes)
        #expect(Array(bytes[64..<80]) == hex("6e2e359a2568f98041ba0728dd0d6981"))
    }

    /// The eSTREAM vectors for Salsa20, 256 bits, set 1, vector 0.
    @Test func `Salsa20 gives what eSTREAM says`() throws {
        var bytes = [UInt8](repeating: 0, count: 16)
        let key = SecretBytes(copying: [0x80] + [UInt8](repeating: 0, count: 31))
        let cipher = try StreamCipher(.salsa20, key: key, nonce: [UInt8](repeating: 0, count: 8))
        try cipher.apply(to: &bytes)
        #expect(bytes == hex("e3be8fdd8beca2e3ea8ef9475b29a6e7"))
    }

    @Test(arguments: StreamCipher.Algorithm.allCases)
    func `a key stream goes on from piece to piece`(algorithm: StreamCipher.Algorithm) throws {
        let nonce = [UInt8](repeating: 1, count: algorithm == .chaCha20 ? 12 : 8)
        var whole = [UInt8](repeating: 0, count: 300)
        let first = try StreamCipher(algorithm, key: Self.key, nonce: nonce)
        try first.apply(to: &whole)
        let second = try StreamCipher(algorithm, key: Self.key, nonce: nonce)
        var pieces: [UInt8] = []
        for count in [1, 0, 62, 1, 64, 100, 72] {
            var piece = [UInt8](repeating: 0, count: count)
            try second.apply(to: &piece)
            pieces += piece
        }
        #expect(pieces == whole)
    }

    @Test(arguments: [BulkCipher.aes256, .twofish256])
    func `wrong blocks and wrong padding are told apart`(cipher: BulkCipher) throws {
        let nonce = [UInt8](repeating: 0, count: 16)
        for count in [0, 15, 17] {
            let bytes = [UInt8](repeating: 0, count: count)
            #expect(throws: CipherError.badLength) { try cipher.decrypt(bytes, key: Self.key, nonce: nonce) }
        }
        var encrypted = try cipher.encrypt([UInt8](repeating: 0, count: 16), key: Self.key, nonce: nonce)
        encrypted[encrypted.count - 1] ^= 1
        #expect(throws: CipherError.badPadding) { try cipher.decrypt(encrypted, key: Self.key, nonce: nonce) }
    }

    @Test(arguments: BulkCipher.allCases)
    func `a key or a nonce of a wrong length is refused`(cipher: BulkCipher) {
        let nonce = [UInt8](repeating: 0, count: cipher.nonceCount)
        let short = SecretBytes(copying: [UInt8](0..<16))
        #expect(throws: CipherError.badKeyLength) { try cipher.encrypt([1], key: short, nonce: nonce) }
        #expect(throws: CipherError.badLength) { try cipher.encrypt([1], key: Self.key, nonce: nonce + [0]) }
    }

    @Test func `wiped bytes are gone`() {
        var bytes: [UInt8] = [1, 2, 3]
        bytes.wipe()
        #expect(bytes.isEmpty)
    }
}
