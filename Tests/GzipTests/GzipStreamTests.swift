// SPDX-License-Identifier: Apache-2.0

import Gzip
import Testing

@Suite struct GzipStreamTests {
    /// `printf hello | gzip -9n`.
    private static let hello: [UInt8] = [
        0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x07,
        0x00, 0x86, 0xA6, 0x10, 0x36, 0x05, 0x00, 0x00, 0x00,
    ]

    @Test func `what gzip made comes out`() throws {
        #expect(try GzipStream.decompress(Self.hello, limit: 100) == Array("hello".utf8))
    }

    @Test(arguments: [0, 1, 4095, 4096, 4097, 100_000])
    func `bytes of any number come back`(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 / 7) }
        let compressed = try GzipStream.compress(bytes)
        #expect(try GzipStream.decompress(compressed, limit: count) == bytes)
    }

    @Test func `the same bytes make the same file`() throws {
        let bytes = Array("once upon a time".utf8)
        #expect(try GzipStream.compress(bytes) == GzipStream.compress(bytes))
    }

    @Test func `a file of two members is one text`() throws {
        #expect(try GzipStream.decompress(Self.hello + Self.hello, limit: 100) == Array("hellohello".utf8))
    }

    @Test func `what follows the last member is passed over`() throws {
        #expect(try GzipStream.decompress(Self.hello + [0, 0, 0], limit: 100) == Array("hello".utf8))
    }

    @Test func `a bomb stops at the limit`() throws {
        let bomb = try GzipStream.compress([UInt8](repeating: 0, count: 10_000_000), level: 9)
        #expect(bomb.count < 20_000)
        #expect(throws: GzipError.tooLarge) { try GzipStream.decompress(bomb, limit: 9_999_999) }
        #expect(try GzipStream.decompress(bomb, limit: 10_000_000).count == 10_000_000)
    }

    @Test(arguments: hello.indices)
    func `a file cut off anywhere is truncated`(length: Int) {
        #expect(throws: GzipError.truncated) {
            try GzipStream.decompress(Array(Self.hello[..<length]), limit: 100)
        }
    }

    @Test(arguments: [0, 1, 2, 3, 10, 18, 22])
    func `a file with a wrong byte is damaged`(index: Int) {
        var altered = Self.hello
        altered[index] ^= 0xFF
        #expect(throws: GzipError.damaged) { try GzipStream.decompress(altered, limit: 100) }
    }
}
