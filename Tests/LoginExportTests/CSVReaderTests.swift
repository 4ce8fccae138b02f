// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing

@testable import LoginExport

struct CSVReaderTests {
    /// The rows of a text, fed in pieces of some size: a line number, then the fields or the fault.
    private static func rows(_ text: [UInt8], piece: Int = .max) -> [String] {
        var rows: [String] = []
        func take(_ row: CSVRow) {
            if let fault = row.fault { return rows.append("\(row.line) \(fault)") }
            let fields = (0..<row.count).map { row.secret($0).exposedText() ?? "?" }
            rows.append("\(row.line) " + fields.joined(separator: "|"))
        }
        var reader = CSVReader()
        var start = 0
        while start < text.count {
            let end = min(text.count, start + min(piece, text.count))
            reader.read(text[start..<end], take)
            start = end
        }
        reader.finish(take)
        return rows
    }

    @Test(arguments: [
        ("a,b\nc,d\n", ["1 a|b", "2 c|d"]), ("a,b\r\nc,d", ["1 a|b", "2 c|d"]),
        ("a\rb\r\rc", ["1 a", "2 b", "4 c"]), ("\u{FEFF}\"a\",b\n", ["1 a|b"]), ("\u{FEFF}", []), ("", []),
        ("\n\r\n\n", []), ("a,\n,\n\"\"\n", ["1 a|", "2 |", "3 "]),
        ("\"a \"\"b\"\", c\",d", ["1 a \"b\", c|d"]), ("a\"b,c", ["1 a\"b|c"]),
        ("\"x\r\ny\nz\",1\nnext,2", ["1 x\r\ny\nz|1", "4 next|2"]),
        ("ü,日本語,🔑\n", ["1 ü|日本語|🔑"]),
        ("\"a\"b,c\nd,e", ["1 strayQuote", "2 d|e"]),
        ("a,b\n\"c,d\ne,f\n", ["1 a|b", "2 unclosedQuote(lastLine: 3)"]),
        ("a\u{0}b,c\nd", ["1 nul", "2 d"]), ("\"a\u{0}\nb\",c\nd", ["1 nul", "3 d"]),
    ])
    func `rows are read however the bytes arrive`(_ text: String, _ expected: [String]) {
        for piece in [1, 2, 3, 5, Int.max] {
            #expect(Self.rows(Array(text.utf8), piece: piece) == expected, "\(piece)")
        }
    }

    @Test func `a row that is too long is told, and the next ones are read`() {
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 3 << 20)
        #expect(Self.rows(Array("a\n".utf8) + long + Array("\nb".utf8)) == ["1 a", "2 tooLong", "3 b"])
        let quoted = Array("\"".utf8) + long + Array("\n\",c\nd".utf8)
        #expect(Self.rows(quoted) == ["1 tooLong", "3 d"])
        let commas = [UInt8](repeating: UInt8(ascii: ","), count: 100_000)
        #expect(Self.rows(commas + Array("\nb".utf8)) == ["1 tooManyColumns", "2 b"])
    }

    @Test func `a quotation mark that is never closed is told as that, however much it swallows`() {
        let rows = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 10) + [UInt8(ascii: "\n")]
        let swallowed = Array("a\n\"b\n".utf8) + (0..<2000).flatMap { _ in rows }
        #expect(Self.rows(swallowed) == ["1 a", "2 unclosedQuote(lastLine: 2002)"])
        #expect(Self.rows(swallowed + [65]) == ["1 a", "2 unclosedQuote(lastLine: 2003)"])
    }

    @Test func `what isn't UTF-8 is told when it is looked at`() {
        #expect(Self.rows([0x61, 0x2C, 0xFF, 0x0A]) == ["1 a|?"])
    }
}
