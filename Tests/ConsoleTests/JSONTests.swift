// SPDX-License-Identifier: Apache-2.0

import DBus
import DisplayText
import FoundationEssentials
import Testing

@testable import Console

struct JSONTests {
    @Test func `values keep their order and are indented`() {
        let json = JSON.object([
            ("b", .array([.number(1), .bool(true), .null])), ("a", .string("x")), ("e", .array([])),
            ("o", .object([])),
        ])
        #expect(
            json.text == """
                {
                  "b": [
                    1,
                    true,
                    null
                  ],
                  "a": "x",
                  "e": [],
                  "o": {}
                }
                """
        )
    }

    @Test(arguments: [
        "plain", "quote \" and \\", "\u{1B}[31m\n\t\r\u{0}", "C1 \u{9B}", "\u{202E}", "🔔 ü", "tag \u{E0041}",
        "\u{7F}",
    ])
    func `a text comes back as it was, and nothing in it acts on a terminal`(text: String) throws {
        let quoted = JSON.quoted(text)
        #expect(quoted.unicodeScalars.allSatisfy { !PlainText.isHidden($0) })
        #expect(try JSONDecoder().decode([String].self, from: Data("[\(quoted)]".utf8)) == [text])
    }

    @Test func `a dictionary of the bus is an object with sorted keys`() {
        let value = Value.vardict([
            "z": .uint64(7), "a": .boolean(false), "list": .strings(["x", "y"]), "path": .objectPath("/a"),
        ])
        #expect(
            JSON(value)
                == .object([
                    ("a", .bool(false)), ("list", .array([.string("x"), .string("y")])),
                    ("path", .string("/a")),
                    ("z", .number(7)),
                ])
        )
    }
}
