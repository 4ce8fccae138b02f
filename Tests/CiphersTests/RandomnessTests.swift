// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Testing

@Suite struct RandomnessTests {
    @Test func `random bytes have the length asked for and are never the same`() {
        #expect(Randomness.bytes(0) == [])
        #expect(Randomness.bytes(33).count == 33)
        #expect(Randomness.secret(24).count == 24)
        #expect(Randomness.bytes(16) != Randomness.bytes(16))
        #expect(Randomness.secret(16) != Randomness.secret(16))
    }

    @Test func `every number below the bound turns up and no other`() {
        var seen = Set<Int>()
        for _ in 0..<2000 { seen.insert(Randomness.below(7)) }
        #expect(seen == Set(0..<7))
        #expect(Randomness.below(1) == 0)
    }

    @Test func `a token is made of its alphabet`() {
        let alphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
        let token = Randomness.token(200, alphabet: alphabet)
        #expect(token.count == 200)
        #expect(token.allSatisfy(alphabet.contains))
        #expect(Set(token).count > 15)
        #expect(Randomness.token(0, alphabet: "x") == "")
    }
}
