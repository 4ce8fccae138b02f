// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing

@testable import JSON

/// The one reader for all of the house; `MalformedJSONTests` has what it refuses.
@Suite struct JSONReaderTests {
    @Test func `in secret memory all texts but names become secrets`() throws {
        let text = #"{"a":["x\n\u00fc\ud83d\udd11",1,{"Key":""}],"b":true,"a":null}"#
        guard case .object(let object) = try JSONReader.value(of: SecretBytes(utf8: text)) else {
            Issue.record("not an object")
            return
        }
        #expect(object.members.map(\.name) == ["a", "b", "a"])
        var inner = JSONObject()
        inner.append("Key", .secret(SecretBytes(utf8: "")))
        let secret = JSONValue.secret(SecretBytes(utf8: "x\nü🔑"))
        #expect(object.members.first?.value == .array([secret, .number("1"), .object(inner)]))
        #expect(object["b"] == .bool(true) && object["A"] == .null)
    }

    @Test func `the secret member alone becomes a secret, in whatever case and only outermost`() throws {
        let text = Array(#"{"sEcret":"a","other":"b","inner":{"Secret":"c"},"Key":"d"}"#.utf8)
        let read = try JSONReader.object(text, keeping: JSONReader.Interest(secretMember: "Secret"))
        var inner = JSONObject()
        inner.append("Secret", .string("c"))
        #expect(read["Secret"] == .secret(SecretBytes(utf8: "a")))
        #expect(read["other"] == .string("b") && read["inner"] == .object(inner))
        #expect(read["Key"] == .string("d"))
        #expect(try JSONReader.object(text)["Secret"] == .string("a"))
    }

    @Test(arguments: ["", "{", #"{"a":"b"#, #"{"a":"\"#, "[1] 2", "\"a\nb\"", #""\ud83d""#])
    func `what is broken is no more of it there than elsewhere`(text: String) {
        #expect(throws: JSONReader.Fault.self) { try JSONReader.value(of: SecretBytes(utf8: text)) }
        #expect(throws: JSONReader.Fault.self) { try JSONReader.object(Array(text.utf8)) }
    }

    @Test func `a lenient reader takes what .NET writes`() throws {
        let text = "{\"a\":\"x\ny\",\"b\":\"\\ud83d\\u0041\\udd11\",\"c\":\"\\ud83d\\udd11\"}"
        #expect(throws: JSONReader.Fault.self) { try JSONReader.object(Array(text.utf8)) }
        let read = try JSONReader.object(Array(text.utf8), isLenient: true)
        #expect(read["a"] == .string("x\ny"))
        #expect(read["b"] == .string("\u{FFFD}A\u{FFFD}") && read["c"] == .string("🔑"))
    }
}
