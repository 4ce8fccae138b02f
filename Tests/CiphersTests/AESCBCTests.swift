// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Testing

@Suite struct AESCBCTests {
    /// NIST SP 800-38A, F.2.1, F.2.3 and F.2.5: the key and the first block's ciphertext.
    static let vectors = [
        ("2b7e151628aed2a6abf7158809cf4f3c", "7649abac8119b246cee98e9b12e9197d"),
        ("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "4f021db243bc633d7178183a9fa071e8"),
        (
            "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
            "f58c4c04d6e5f1ba779eabfb5f7bfbd6"
        ),
    ]

    @Test(arguments: vectors)
    func `the vectors of NIST hold`(key: String, block: String) throws {
        let key = SecretBytes(copying: hex(key))
        let iv = try #require(InitializationVector(hex("000102030405060708090a0b0c0d0e0f")))
        let plain = SecretBytes(copying: hex("6bc1bee22e409f96e93d7e117393172a"))
        let blocks = try AESCBC.encrypt(plain, key: key, iv: iv)
        #expect(blocks.count == 32)
        #expect(Array(blocks.prefix(16)) == hex(block))
        #expect(try AESCBC.decrypt(blocks, key: key, iv: iv) == plain)
    }

    @Test func `texts under one encryptor are each encrypted as by themselves`() throws {
        let (key, iv) = (Randomness.secret(32), InitializationVector.random())
        let encryptor = try AESCBCEncryptor(key: key, iv: iv)
        for length in 0...48 {
            let text = String(repeating: "é", count: length)
            let alone = try AESCBC.encrypt(SecretBytes(utf8: text), key: key, iv: iv)
            #expect(try encryptor.encrypt(text) == alone)
            #expect(try encryptor.encrypt(SecretBytes(utf8: text)) == alone)
        }
    }

    @Test(arguments: [16, 24, 32])
    func `every length comes back under every key size`(keyLength: Int) throws {
        let key = Randomness.secret(keyLength)
        for length in 0...80 {
            let plain = Randomness.secret(length)
            let iv = InitializationVector.random()
            let blocks = try AESCBC.encrypt(plain, key: key, iv: iv)
            #expect(blocks.count == (length / 16 + 1) * 16)
            #expect(try AESCBC.decrypt(blocks, key: key, iv: iv) == plain)
        }
    }

    @Test(arguments: [0, 1, 15, 17, 31, 33, 64])
    func `a key of another length is refused`(length: Int) {
        let key = SecretBytes(copying: [UInt8](repeating: 1, count: length))
        #expect(throws: CipherError.badKeyLength) {
            try AESCBC.encrypt(SecretBytes(utf8: "x"), key: key, iv: .zero)
        }
        #expect(throws: CipherError.badKeyLength) {
            try AESCBC.decrypt([UInt8](repeating: 0, count: 16), key: key, iv: .zero)
        }
    }

    @Test(arguments: [0, 1, 15, 17, 31])
    func `what is not whole blocks is refused`(length: Int) {
        #expect(throws: CipherError.badLength) {
            try AESCBC.decrypt([UInt8](repeating: 0, count: length), key: Randomness.secret(32), iv: .zero)
        }
    }

    @Test func `each wrong padding is refused and each right one is not`() throws {
        let key = Randomness.secret(32)
        for length in 0...255 {
            for damaged in [false, true] {
                // A block of our own making: what comes before the padding says nothing about it.
                var block = [UInt8](repeating: 0xEE, count: 16)
                let padding = min(length, 16)
                for back in 0..<max(padding, 1) { block[15 - back] = UInt8(length) }
                if damaged, length > 1 { block[16 - padding] ^= 1 }
                let whole = try AESCBC.encrypt(SecretBytes(copying: block), key: key, iv: .zero)
                let result = Result { () throws(CipherError) in
                    try AESCBC.decrypt(Array(whole.prefix(16)), key: key, iv: .zero)
                }
                let isRight = (1...16).contains(length) && (!damaged || length == 1)
                if isRight {
                    #expect(try result.get().count == 16 - length, "padding \(length)")
                } else {
                    #expect(result == .failure(.badPadding), "padding \(length), damaged \(damaged)")
                }
            }
        }
    }

    @Test func `an initialization vector has 16 bytes`() {
        #expect(InitializationVector([UInt8](repeating: 0, count: 15)) == nil)
        #expect(InitializationVector([UInt8](repeating: 0, count: 17)) == nil)
        #expect(InitializationVector(1...16)?.bytes == Array(1...16))
        #expect(InitializationVector.random() != InitializationVector.random())
    }
}

func hex(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = text[...]
    while !rest.isEmpty {
        bytes.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
        rest = rest.dropFirst(2)
    }
    return bytes
}
