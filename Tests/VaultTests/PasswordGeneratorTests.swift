// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing

@testable import Vault

@Suite struct PasswordGeneratorTests {
    @Test func `the default is 20 characters of all classes`() throws {
        let (password, bits) = PasswordGenerator.generate(PasswordRecipe())
        let text = try #require(password.exposedText())
        #expect(text.count == 20)
        #expect(text.utf8.allSatisfy { (0x21...0x7E).contains($0) })
        #expect(bits == 131)
    }

    @Test(arguments: [
        ([CharacterClass.lower], 10, 47), ([.digits], 6, 19), ([.lower, .upper, .digits], 16, 95),
        ([.symbols, .symbols], 8, 40),
    ])
    func `just the wanted classes are in it, and each of them`(
        classes: [CharacterClass],
        length: Int,
        bits: Int
    ) throws {
        for _ in 0..<200 {
            let made = PasswordGenerator.generate(PasswordRecipe(length: length, classes: classes))
            let bytes = try #require(made.password.exposedText()).utf8
            #expect(bytes.count == length)
            #expect(made.bits == bits)
            #expect(bytes.allSatisfy { byte in classes.contains { $0.bytes.contains(byte) } })
            #expect(classes.allSatisfy { kind in bytes.contains { kind.bytes.contains($0) } })
        }
    }

    @Test(arguments: [(-3, 4), (0, 4), (1, 4), (4, 4)])
    func `a password is long enough for one of each class`(length: Int, expected: Int) {
        #expect(PasswordGenerator.generate(PasswordRecipe(length: length)).password.count == expected)
    }

    @Test func `no classes mean all, and the classes part the printable characters`() {
        #expect(PasswordGenerator.generate(PasswordRecipe(length: 9, classes: [])).bits == 58)
        #expect(CharacterClass.allCases.flatMap(\.bytes).sorted() == Array(0x21...0x7E))
    }

    @Test func `every character comes as often as the next`() throws {
        var counts: [UInt8: Int] = [:]
        let recipe = PasswordRecipe(length: 500, classes: [.digits])
        for _ in 0..<100 {
            let text = try #require(PasswordGenerator.generate(recipe).password.exposedText())
            for byte in text.utf8 { counts[byte, default: 0] += 1 }
        }
        // 50 000 draws of 10: 5 000 each, standard deviation 67; ten of those are never reached by chance.
        #expect(counts.count == 10)
        #expect(counts.values.allSatisfy { abs($0 - 5000) < 670 })
    }
}
