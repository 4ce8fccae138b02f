// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Console

/// A reader and a clock that goes only when told.
private struct Keyboard {
    var reader = KeyReader()
    var now = ContinuousClock.now

    /// Bytes with so many milliseconds between them, and then a pause.
    mutating func type(_ text: String, apart: Int = 0) -> [KeyReader.Key] {
        var keys: [KeyReader.Key] = []
        for byte in text.utf8 {
            keys += reader.take(byte, at: now)
            now += .milliseconds(apart)
        }
        now += .milliseconds(300)
        return keys + reader.settle(at: now)
    }
}

extension [KeyReader.Key] {
    /// The keys that were pressed alone.
    fileprivate var alone: String {
        String(decoding: compactMap { if case .alone(let byte, _) = $0 { byte } else { nil } }, as: UTF8.self)
    }

    /// What can be typed into a name.
    fileprivate var bytes: String {
        String(decoding: compactMap { if case .byte(let byte) = $0 { byte } else { nil } }, as: UTF8.self)
    }

    fileprivate var hasBurst: Bool {
        contains { if case .burst = $0 { true } else { false } }
    }

    fileprivate var hasPaste: Bool {
        contains { if case .paste = $0 { true } else { false } }
    }
}

struct KeyReaderTests {
    @Test func `a key that nothing comes before or after counts alone`() {
        var keyboard = Keyboard()
        #expect(keyboard.type("a").alone == "a")
        #expect(keyboard.type("\r").alone == "\r")
        #expect(keyboard.type("\u{1B}").alone == "\u{1B}")
        #expect(keyboard.type("sy", apart: 300).alone == "sy")
        #expect(keyboard.reader.due == nil)
    }

    @Test(arguments: [0, 1, 150, 299])
    func `keys in a row count as none, also the last one`(apart: Int) {
        var keyboard = Keyboard()
        let keys = keyboard.type("safari\r", apart: apart)
        #expect(keys.alone.isEmpty)
        #expect(keys.bytes == "safari\r")
        #expect(keys.hasBurst)
        #expect(keyboard.type("a").alone == "a")
    }

    @Test func `a byte whose time is just over is told before the next is taken in`() {
        var keyboard = Keyboard()
        let pressed = keyboard.now
        _ = keyboard.reader.take(97, at: pressed)
        #expect(keyboard.reader.due == pressed + KeyReader.gap)
        let keys = keyboard.reader.take(98, at: pressed + .seconds(5))
        #expect(keys == [.alone(97, at: pressed), .byte(98)])
    }

    @Test func `what a terminal marks as pasted is no text and no key, however slowly it comes`() {
        var keyboard = Keyboard()
        for apart in [0, 400] {
            let keys = keyboard.type("\u{1B}[200~a\ra\r\u{1B}[201~", apart: apart)
            // With a pause after each byte its first mark can't be told from an Esc; what is inside can.
            #expect(!keys.alone.contains("\r") || apart > 0)
            #expect(apart > 0 || keys.bytes.isEmpty && keys.hasPaste)
        }
        #expect(keyboard.type("\u{1B}[200~x").alone.isEmpty)
        #expect(keyboard.type("a").alone.isEmpty, "still pasting")
        #expect(keyboard.type("\u{1B}[201~").alone.isEmpty)
        #expect(keyboard.type("a").alone == "a")
    }

    @Test(arguments: ["\u{1B}[A", "\u{1B}OP", "\u{1B}[1;5C", "\u{1B}[15~"])
    func `keys that come as sequences are told as one and are no text`(sequence: String) {
        var keyboard = Keyboard()
        let start = keyboard.now
        #expect(keyboard.type(sequence) == [.sequence(at: start)])
        #expect(keyboard.type("a").alone == "a")
    }

    @Test func `Ctrl-C is told at once, in the middle of a paste, too`() {
        var keyboard = Keyboard()
        _ = keyboard.type("\u{1B}[200~abc")
        #expect(keyboard.type("\u{3}").bytes == "\u{3}")
    }
}
