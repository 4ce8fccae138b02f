// SPDX-License-Identifier: Apache-2.0

import DisplayText
import FoundationEssentials
import SecureMemory
import Testing

@testable import Console

struct SecretOutputTests {
    @Test(arguments: [
        "", "plain", "q\"uo\\te", "tab\tnew\nline\u{0}\u{7F}", "ünïcode 🔔", "C1 \u{9B}2J",
        "\u{202E}bidi\u{2066}", "lines\u{2028}\u{2029}", "tag \u{E0041}", "日本\u{200D}",
    ])
    func `a secret as JSON comes back as it was, and nothing in it acts on a terminal`(text: String) throws {
        let quoted = try #require(JSON.quoted(SecretBytes(utf8: text)).exposedText())
        #expect(quoted.unicodeScalars.allSatisfy { !PlainText.isHidden($0) })
        #expect(try JSONDecoder().decode([String].self, from: Data("[\(quoted)]".utf8)) == [text])
    }

    @Test(arguments: [
        [0xC2], [0x9B], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x80],
        [0xE2, 0x41], [0xFF],
    ])
    func `what is no text is JSON all the same`(bytes: [UInt8]) throws {
        let secret = SecretBytes(capacity: 8) { output in for byte in bytes { output.append(byte) } }
        let quoted = try #require(JSON.quoted(secret).exposedText())
        let texts = try JSONDecoder().decode([String].self, from: Data("[\(quoted)]".utf8))
        #expect(texts.first?.unicodeScalars.first == "\u{FFFD}")
    }

    @Test(arguments: [
        ("plain ü 🔔", "plain ü 🔔"), ("\u{1B}[2J\n\u{7F}", "?[2J??"), ("a\u{9B}b", "a?b"),
        ("\u{A9}", "\u{A9}"),
    ])
    func `a terminal gets no control characters of a secret`(text: String, shown: String) {
        #expect(EntryPrinter.harmless(SecretBytes(utf8: text)) == SecretBytes(utf8: shown))
    }

    @Test func `further lines of a secret are no rows of the table that it stands in`() {
        let secret = SecretBytes(utf8: "one\n  uuid  two\u{1B}\n")
        #expect(
            EntryPrinter.indented(EntryPrinter.harmless(secret, sparesLineFeeds: true))
                == SecretBytes(utf8: "one\n              uuid  two?\n            ")
        )
    }
}

struct PasswordInputTests {
    /// Collects a password from the bytes of a text.
    private func collect(_ bytes: [UInt8]) throws(ConsoleError) -> SecretBytes {
        var rest = bytes[...]
        return try PasswordInput.collect { () throws(ConsoleError) in rest.popFirst() }
    }

    @Test(arguments: [
        ("secret\nmore", "secret"), ("secret", "secret"), ("se\u{7F}ecret\r", "secret"),
        ("wrong\u{15}right\n", "right"), ("aü\u{8}b\n", "ab"), ("\u{7F}x\n", "x"), (" blanks \n", " blanks "),
    ])
    func `a line is a password, with the keys that correct it`(typed: String, password: String) throws {
        #expect(try collect(Array(typed.utf8)) == SecretBytes(utf8: password))
    }

    @Test(arguments: ["", "\n", "abc\u{3}", "abc\u{4}", "x\u{7F}\n"])
    func `nothing, or an interruption, is no password`(typed: String) {
        #expect(throws: ConsoleError.self) { try collect(Array(typed.utf8)) }
    }

    @Test(arguments: ["abc\u{3}", "abc\u{4}"])
    func `an interruption says nothing of what was asked for`(typed: String) {
        #expect(throws: ConsoleError.refused("Nothing was changed.")) { try collect(Array(typed.utf8)) }
    }

    @Test func `a password has a limit, which is told`() throws {
        let longest = [UInt8](repeating: 0x61, count: PasswordInput.limit)
        #expect(try collect(longest).count == PasswordInput.limit)
        #expect(throws: ConsoleError.self) { try collect(longest + [0x61]) }
    }
}
