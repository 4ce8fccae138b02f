// SPDX-License-Identifier: Apache-2.0

import JSON
import TestSupport
import Testing

@testable import KeePassHTTP

@Suite struct MalformedJSONTests {
    @Test(arguments: [
        "", " ", "{", "}", "[", "null", "true", "5", #""text""#, "[]", "{]", "{}{}", "{} x", "{},", "nul",
        "{'a':1}",
        #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{,}"#, #"{"a" 1}"#, #"{a:1}"#, #"{"a":1 "b":2}"#,
        #"{"a":[1,]}"#,
        #"{"a":[1 2]}"#, #"{"a":01}"#, #"{"a":1.}"#, #"{"a":.5}"#, #"{"a":-}"#, #"{"a":+1}"#, #"{"a":1e}"#,
        #"{"a":0x1}"#, #"{"a":NaN}"#, #"{"a":True}"#, #"{"a":"\x"}"#, #"{"a":"\u12"}"#, #"{"a":"\u12g4"}"#,
        #"{"a":"\ud800"}"#, #"{"a":"\ud800\n"}"#, #"{"a":"\ud800\u0041"}"#, #"{"a":"\udc00"}"#,
        "{\"a\":\"\n\"}", "{\"a\":\"\u{1}\"}", #"{"a":"b}"#, #"{"a":1/*x*/}"#, "{\"a\":1}\0",
    ])
    func `what is not a JSON object is refused in the protocol's words`(text: String) {
        #expect(sentence(Array(text.utf8))?.hasPrefix("Malformed JSON: ") == true)
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        for bytes: [UInt8] in [[0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xC3], [0xF4, 0x90, 0x80, 0x80]] {
            let text = Array(#"{"RequestType":"get-logins","a":""#.utf8) + bytes + Array(#""}"#.utf8)
            #expect(sentence(text)?.hasPrefix("Malformed JSON: a text that is not UTF-8") == true)
        }
    }

    @Test func `the reason tells where, and nothing of the text`() {
        #expect(sentence(Array(#"{"Key": secret}"#.utf8)) == "Malformed JSON: a value expected at byte 8")
        #expect(sentence(Array(#"{"Key""#.utf8)) == "Malformed JSON: unexpected end at byte 6")
        #expect(sentence(Array("[]".utf8)) == "Malformed JSON: not an object at byte 0")
    }

    @Test(arguments: ["[", #"{"a":"#])
    func `nesting without end is refused, not followed`(opening: String) {
        let text = #"{"a":"# + String(repeating: opening, count: 100_000)
        #expect(sentence(Array(text.utf8))?.hasPrefix("Malformed JSON: nested too deeply") == true)
    }

    @Test func `as many duplicate keys as fit are no trouble`() throws {
        let text =
            "{" + String(repeating: #""a":{"a":1,"a":2},"#, count: 20_000) + #""RequestType":"associate"}"#
        #expect(try request(text).type == .associate)
    }

    @Test(arguments: [
        #""a":0,"#, #""Id":0,"#, #""x":{"a":[1,"\u0041",{}],"b":null},"#, #""Kéy":"x","#, "\"\u{212A}ey\":0,",
    ])
    func `of members that nobody asks for, and of repeated ones, nothing is kept`(member: String) throws {
        let text =
            "{" + String(repeating: member, count: 5000) + #""Id":"me","a":1,"RequestType":"associate"}"#
        let read = try request(text)
        #expect(read.id == "me" && !read.hasKey)
        #expect(read.members.members.count == 2)
    }

    @Test(arguments: [#""StringFields":{"#, #""Names":["#, #""Id":[["#])
    func `nobody needs more values than a vault has fields`(opening: String) {
        let isObject = opening.hasSuffix("{")
        let closing = isObject ? "}" : opening.hasSuffix("[[") ? "]]" : "]"
        func text(_ count: Int) -> [UInt8] {
            let values = Array(repeating: isObject ? #""a":0"# : "0", count: count).joined(separator: ",")
            return Array((#"{"RequestType":"associate","# + opening + values + closing + "}").utf8)
        }
        #expect(sentence(text(Request.mostValues - 1)) == nil)
        #expect(sentence(text(Request.mostValues + 1))?.contains("more than any request has") == true)
    }

    @Test func `what is passed over is read as strictly as the rest`() {
        for value in [
            "01", "1.", #""\x""#, #""\ud800""#, "\"\n\"", "[1,]", "[1 2]", #"{"a"}"#, #"{"a":1,}"#, "{a:1}",
            "nul", #""x"#, "\"\u{1}\"", "-", "1e", "[", "{",
        ] {
            for member in ["other", "Id"] {
                let text = #"{"RequestType":"associate",""# + member + #"":"# + value + "}"
                #expect(sentence(Array(text.utf8))?.hasPrefix("Malformed JSON: ") == true, "\(text)")
            }
        }
    }

    @Test func `a request cut anywhere is refused, never trapped on`() {
        let whole = Self.sample
        for length in 0..<whole.count {
            #expect(sentence(Array(whole.prefix(length)))?.hasPrefix("Malformed JSON: ") == true, "\(length)")
        }
        #expect(sentence(whole) == nil)
    }

    @Test func `a request with any byte changed is read or refused, never trapped on`() {
        let whole = Self.sample
        let values = Array("\"\\{}[]:,u0-e \n".utf8) + [0x00, 0x7F, 0x80, 0xC3, 0xFF]
        var read = 0
        for offset in whole.indices {
            for value in values {
                var changed = whole
                changed[offset] = value
                guard let request = try? Request.parse(changed) else { continue }
                read += 1
                // What could be read must be usable without a trap, too.
                _ = request.field("Url").map { _ = try? Self.message?.decrypt($0) }
                _ = request.signature.map(VerifiedMessage.decoy)
                _ = try? request.searchFlags()
                _ = request.fields("Names")
            }
        }
        #expect(read > 0)
    }

    @Test(arguments: [UInt64(3), 99, 20261122])
    func `random bytes are read or refused, never trapped on`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("{}[]\",:\\u0123abtrfnle-.+ E\u{FF}é".utf8)
        for _ in 0..<3000 {
            let length = Int.random(in: 0...60, using: &generator)
            let bytes = (0..<length).compactMap { _ in alphabet.randomElement(using: &generator) }
            #expect(sentence(bytes) != nil)
        }
    }

    private static let message = try? VerifiedMessage(
        verifying: SampleMessage.signature,
        with: SampleMessage.key()
    )

    private static let sample = Array(
        #"""
        {"RequestType":"set-login","Id":"b\u00fcro","Nonce":"\#(SampleMessage.nonceText)","Verifier":"\#(SampleMessage.verifier)",
        "Hmac":"\#(SampleMessage.hmac)","TriggerUnlock":"false","Url":"0iXc9Q22XMljOaMStuL+n6\/DLp17n6XvnSD0Fr95OZw=",
        "StringFields":{"zl+n5Nj/+1sR8PtIrGzYLQ==":null},"Names":["v3KIwQk0nMwHLHRYXNG5gw=="],"n":[-1.5e+3,true,{}]}
        """#.utf8
    )

    private func sentence(_ bytes: [UInt8]) -> String? {
        do throws(RequestError) {
            _ = try Request.parse(bytes)
            return nil
        } catch {
            return error.sentence
        }
    }
}
