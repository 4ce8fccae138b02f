// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import UnicodeText

/// Texts of a mebibyte that take long where something costs more than their length.
enum Endless {
    static let pieces = [
        "\u{323}\u{301}", "\u{F73}", "\u{344}", "\u{F71}\u{F72}", "\u{1161}", "\u{9BE}", "\u{FB2C}",
        "e\u{301}",
        "\u{1F1E6}", "👩\u{200D}", "\u{AC00}\u{11A8}", "\u{1D165}",
    ]

    static func text(of piece: String) -> String {
        String(repeating: piece, count: (1 << 20) / piece.utf8.count)
    }
}

@Suite struct StreamSafeTests {
    @Test(arguments: Endless.pieces)
    func `whatever a text is made of, keys, comparisons and searches cost no more than its length`(
        piece: String
    ) throws {
        let whole = Endless.text(of: piece)
        let read = String(streamSafe: whole.utf8.span)
        let text = try #require(read)
        let other = text + "!"
        let time = ProcessorTime.of {
            #expect(Set([text, other]).count == 2)
            #expect(text != other)
            #expect(text.lowercased().split(separator: "/").count == 1)
            #expect(!text.hasPrefix("x") && !text.hasSuffix("x") && !text.contains("xyz"))
            #expect(other.composed != text)
        }
        // Measured: 0.2 s in a debug build. Before: hours.
        #expect(time < 10)
    }

    @Test func `a run is parted after thirty marks, and all else stays`() {
        let marks = String(repeating: "\u{301}", count: 31)
        #expect(("a" + marks).streamSafe.unicodeScalars.count == 33)
        let fewer = "a" + String(repeating: "\u{301}", count: 30)
        #expect(fewer.streamSafe.hasSameBytes(as: fewer))
        let tibetan = String(repeating: "\u{F73}", count: 16).streamSafe.unicodeScalars
        #expect(tibetan.count { $0 == "\u{34F}" } == 1)
    }

    @Test(arguments: ["", "plain", "Grüße", String(repeating: "漢字", count: 100), "שָׁלוֹם", "👩‍👩‍👧‍👦"])
    func `what people write stays byte for byte`(text: String) {
        #expect(text.streamSafe.hasSameBytes(as: text))
        let read = String(streamSafe: text.utf8.span)
        #expect(read?.hasSameBytes(as: text) == true)
    }

    @Test func `bytes that are no text are told or repaired`() {
        let bytes: [UInt8] = [0x61, 0xFF]
        let read = String(streamSafe: bytes.span)
        #expect(read == nil)
        #expect(String(repairing: bytes) == "a\u{FFFD}")
    }

    @Test func `NFC is the same bytes for every form, also with a null character in it`() {
        #expect("cafe\u{301}".composed.hasSameBytes(as: "caf\u{E9}"))
        #expect("\u{212B}\u{1100}\u{1161}".composed.hasSameBytes(as: "\u{C5}\u{AC00}"))
        #expect("e\u{301}\0e\u{301}".composed.utf8.contains(0))
    }

    @Test(arguments: [
        ("e\u{301}", "\u{E9}"), ("\u{1100}\u{1161}\u{11A8}", "\u{AC01}"), ("\u{9C7}\u{9BE}", "\u{9CB}"),
        ("a\u{323}\u{302}", "\u{1EAD}"), ("\u{FB2C}", "\u{5E9}\u{5BC}\u{5C1}"),
        ("\u{AC00}\u{11A8}", "\u{AC01}"),
    ])
    func `a long text is in NFC throughout`(form: String, composed: String) {
        let text = String(repeating: form, count: 2000)
        #expect(text.composed.hasSameBytes(as: String(repeating: composed, count: 2000)))
        #expect(("x" + text).composed.hasSameBytes(as: "x" + String(repeating: composed, count: 2000)))
    }

    @Test func `a text is cut between scalars`() {
        #expect("abc".cut(toBytes: 3) == "abc")
        #expect("aé".cut(toBytes: 2) == "a")
        #expect("👩".cut(toBytes: 3) == "")
        #expect("漢字".cut(toBytes: 4) == "漢")
    }

    @Test func `keys are bytes, and no longer than names are`() {
        let (composed, decomposed) = (ByteKey("é"), ByteKey("e\u{301}"))
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed, ByteKey("é")]).count == 2)
        #expect(ByteKey(String(repeating: "x", count: 256)) != nil)
        #expect(ByteKey(String(repeating: "x", count: 257)) == nil)
    }
}
