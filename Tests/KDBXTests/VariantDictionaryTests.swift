// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import KDBX

@Suite struct VariantDictionaryTests {
    @Test func `values are found by their names and types`() throws {
        var dictionary = VariantDictionary()
        dictionary["a"] = .uint32(7)
        dictionary["b"] = .uint64(1 << 40)
        dictionary["c"] = .bytes([1, 2])
        let read = try VariantDictionary(parsing: dictionary.encoded)
        #expect(read == dictionary)
        #expect(read["a"]?.asUInt32 == 7)
        #expect(read["a"]?.asUInt64 == nil)
        #expect(read["b"]?.asUInt64 == 1 << 40)
        #expect(read["c"]?.asBytes == [1, 2])
        #expect(read["d"] == nil)
    }

    @Test func `its bytes are the published ones`() {
        var dictionary = VariantDictionary()
        dictionary["R"] = .uint64(6000)
        #expect(
            dictionary.encoded == [0, 1, 5, 1, 0, 0, 0, 0x52, 8, 0, 0, 0, 0x70, 0x17, 0, 0, 0, 0, 0, 0, 0]
        )
    }

    @Test func `values of unknown types, and their order, come back as they were`() throws {
        let bytes: [UInt8] =
            [5, 1] + [0x77, 1, 0, 0, 0, 0x7A, 2, 0, 0, 0, 9, 9] + [0x04, 1, 0, 0, 0, 0x61, 1, 0, 0, 0, 1] + [
                0
            ]
        let read = try VariantDictionary(parsing: bytes)
        #expect(read.encoded == bytes)
        // Of a type that it claims but is too short for.
        #expect(read["a"]?.asUInt32 == nil)
    }

    @Test func `a value is replaced in its place and removed from it`() {
        var dictionary = VariantDictionary()
        for name in ["a", "b", "c"] { dictionary[name] = .text(name) }
        dictionary["b"] = .text("x")
        dictionary["a"] = nil
        var expected = VariantDictionary()
        expected["b"] = .text("x")
        expected["c"] = .text("c")
        #expect(dictionary == expected)
    }

    static let broken: [[UInt8]] = [
        [], [0], [0, 1], [0, 2, 0], [0, 1, 4, 0xFF, 0xFF, 0xFF, 0xFF],
        [0, 1, 4, 1, 0, 0, 0, 0x61, 4, 0, 0, 0, 1],
    ]

    @Test(arguments: broken)
    func `a broken one is refused`(bytes: [UInt8]) {
        #expect(throws: KDBXError.damaged(.dictionary)) { try VariantDictionary(parsing: bytes) }
    }

    @Test(arguments: 0..<20)
    func `any bytes are read or refused, and what is read is written the same`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let count = Int.random(in: 0..<40, using: &generator)
            let bytes = [0, 1] + (0..<count).map { _ in UInt8.random(in: 0...6, using: &generator) }
            guard let read = try? VariantDictionary(parsing: bytes) else { continue }
            #expect(bytes.starts(with: read.encoded), "seed \(seed)")
        }
    }
}
