// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Testing

@Suite struct DigestTests {
    @Test func `the digests of abc are the published ones`() {
        let abc = Array("abc".utf8)
        #expect(Digest.sha1(abc) == hex("a9993e364706816aba3e25717850c26c9cd0d89d"))
        let sha256 = hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Digest.sha256(abc) == sha256)
        #expect(Digest.sha256(SecretBytes(utf8: "abc")) == sha256)
    }

    @Test func `nothing at all has a digest, too`() {
        let empty = hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(Digest.sha256([]) == empty)
        #expect(Digest.sha256(SecretBytes(utf8: "")) == empty)
    }

    /// RFC 4231, cases 2, 3 and 6, and the well-known code of nothing under an empty key.
    static let codes: [([UInt8], [UInt8], String)] = [
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            [UInt8](repeating: 0xAA, count: 131),
            Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        ([], [], "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ]

    @Test(arguments: codes)
    func `a prepared key gives the same codes, however often`(key: [UInt8], message: [UInt8], code: String) {
        let prepared = HMACKey(SecretBytes(copying: key))
        #expect(prepared.code(of: message) == hex(code))
        #expect(prepared.code(of: message) == hex(code))
    }

    @Test func `a prepared key of any length gives what an HMAC gives`() {
        for length in [1, 16, 32, 63, 64, 65, 200] {
            let key = Randomness.secret(length)
            for count in [0, 1, 55, 56, 64, 300] {
                let message = Randomness.bytes(count)
                #expect(HMACKey(key).code(of: message) == HMAC.sha256(key: key, message))
            }
        }
    }

    @Test(arguments: codes)
    func `the codes of RFC 4231 hold`(key: [UInt8], message: [UInt8], code: String) {
        #expect(HMAC.sha256(key: SecretBytes(copying: key), message) == hex(code))
    }

    @Test func `codes are right, however many threads compute some at once`() async {
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    Self.codes.allSatisfy { key, message, code in
                        HMAC.sha256(key: SecretBytes(copying: key), message) == hex(code)
                    }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }

    @Test func `bytes are equal only if all of them are`() {
        #expect(constantTimeEquals([], []))
        #expect(constantTimeEquals([1, 2], [1, 2]))
        #expect(!constantTimeEquals([1, 2], [1, 3]))
        #expect(!constantTimeEquals([1, 2], [1, 2, 3]))
        #expect(!constantTimeEquals([], [0]))
    }
}
