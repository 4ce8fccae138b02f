// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Testing

@Suite struct SecretSealTests {
    @Test(arguments: [0, 1, 16, 1000])
    func `what is sealed opens again, by any seal of this process`(count: Int) {
        let secret = Randomness.secret(count)
        let seal = SecretSeal()
        let sealed = seal.seal(secret)
        #expect(sealed.count == count + SecretSeal.overhead)
        let other = SecretSeal()
        #expect(other.open(sealed) == secret)
        #expect(other.open(sealed) == secret)
    }

    @Test func `no two seals of a secret are the same`() {
        let seal = SecretSeal()
        let secret = SecretBytes(utf8: "the same")
        #expect(seal.seal(secret) != seal.seal(secret))
    }

    @Test func `the plain bytes do not stand in what is sealed`() {
        let seal = SecretSeal()
        var sealed: [UInt8] = [1, 2]
        seal.seal([UInt8](repeating: 0x41, count: 64), onto: &sealed)
        #expect(sealed.prefix(2) == [1, 2])
        #expect(sealed.count { $0 == 0x41 } < 16)
    }

    @Test func `what was altered or cut does not open`() {
        let seal = SecretSeal()
        let sealed = seal.seal(SecretBytes(utf8: "secret"))
        for index in sealed.indices {
            var altered = sealed
            altered[index] ^= 1
            #expect(seal.open(altered) == nil)
            #expect(seal.open(sealed[..<index]) == nil)
        }
    }

    /// RFC 2202 and RFC 4231, case 2 each.
    @Test func `the other codes of RFC 2202 and 4231 hold`() {
        let key = SecretBytes(utf8: "Jefe")
        let message = Array("what do ya want for nothing?".utf8)
        #expect(HMAC.sha1(key: key, message) == hex("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"))
        #expect(
            HMAC.code(.sha512, key: key, message)
                == hex(
                    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                        + "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
                )
        )
    }
}
