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

    @Test func `what is drawn ahead goes out once`() {
        let drawn = (0..<1000).map { Randomness.bytes(8 + $0 % 25) }
        #expect(Set(drawn.map { $0.prefix(8) }).count == drawn.count)
        #expect(zip(drawn, 0...).allSatisfy { $0.count == 8 + $1 % 25 })
    }
}
