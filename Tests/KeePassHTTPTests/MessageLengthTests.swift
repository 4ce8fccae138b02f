// SPDX-License-Identifier: Apache-2.0

import JSON
import TestSupport
import Testing

@testable import KeePassHTTP

/// A mebibyte of combining marks, which Swift would bring in order in hours, at every place of a request.
@Suite struct MessageLengthTests {
    static let marks = String(repeating: "\u{323}\u{301}", count: 1 << 18)

    /// Where a text can stand, as the body that has it there.
    static let places: [(String, @Sendable (String) -> String)] = [
        ("a member's name", { #"{"RequestType":"get-logins","\#($0)":1,"\#($0)x":2}"# }),
        ("RequestType", { #"{"RequestType":"\#($0)"}"# }),
        ("Id", { #"{"RequestType":"get-logins","Id":"\#($0)"}"# }),
        ("Nonce", { #"{"RequestType":"get-logins","Nonce":"\#($0)","Verifier":"a"}"# }),
        ("Verifier", { #"{"RequestType":"get-logins","Nonce":"a","Verifier":"\#($0)"}"# }),
        ("Hmac", { #"{"RequestType":"get-logins","Nonce":"a","Verifier":"a","Hmac":"\#($0)"}"# }),
        ("Key", { #"{"RequestType":"associate","Key":"\#($0)"}"# }),
        ("a field", { #"{"RequestType":"get-logins","Url":"\#($0)"}"# }),
        ("a list", { #"{"RequestType":"get-logins-by-names","Names":["\#($0)"]}"# }),
        ("a flag", { #"{"RequestType":"get-logins","TriggerUnlock":"\#($0)"}"# }),
        ("a mode", { #"{"RequestType":"get-logins-custom-search","SearchMode":"\#($0)"}"# }),
        ("a comparison", { #"{"RequestType":"get-logins-custom-search","ComparisonMode":"\#($0)"}"# }),
        (
            "a string field's name",
            { #"{"RequestType":"set-login","StringFields":{"\#($0)":"a","\#($0)x":"b"}}"# }
        ),
        ("a string field", { #"{"RequestType":"set-login","StringFields":{"a":"\#($0)"}}"# }),
        ("an unknown member", { #"{"RequestType":"get-logins","x":{"\#($0)":["\#($0)"]}}"# }),
    ]

    @Test(arguments: places.indices)
    func `it costs no more than its length to read`(place: Int) {
        let (name, body) = Self.places[place]
        for text in [Self.marks, String(repeating: #"\u0323\u0301"#, count: 1 << 16)] {
            let bytes = Array(body(text).utf8)
            let time = ProcessorTime.of {
                // A request or not: what matters is that it is known soon.
                guard let request = try? Request.parse(bytes) else { return }
                _ = try? request.searchFlags()
                _ = ["Url", "Uuid", "Login"].map { request.field($0) }
                _ = request.fields("Names")
                _ = request.signature.map { VerifiedMessage.decoy(for: $0).open(request) }
            }
            // Measured: 0.2 s in a debug build. Before: minutes.
            #expect(time < 10, "\(name)")
        }
    }

    @Test func `an answer of another program's costs us no more either`() {
        let body = #"{"Success":true,"Id":"\#(Self.marks)","Error":"\#(Self.marks)","\#(Self.marks)":1}"#
        let time = ProcessorTime.of {
            _ = try? IncomingReply(parsing: Array(body.utf8), key: .random())
        }
        #expect(time < 10)
    }

    @Test func `a name that is too long is nobody's, and one that only looks like another isn't it`() throws {
        let long = String(repeating: "x", count: 257)
        let body = #"{"RequestType":"get-logins","\#(long)":"a","Url":"","x":1}"#
        #expect(try Request.parse(Array(body.utf8)).members[long] == nil)
        let twins = try JSONReader.object(Array("{\"e\u{301}\":1,\"\u{E9}\":2}".utf8))
        #expect(twins["e\u{301}"] == .number("1"))
        #expect(twins["\u{E9}"] == .number("2"))
    }

    @Test func `names of string fields may be longer, for they are ciphertext`() throws {
        let cipher = OutgoingCipher(key: .random())
        let name = try cipher.field(String(repeating: "x", count: 300))
        let body = #"{"RequestType":"set-login","StringFields":{"\#(name)":null}}"#
        #expect(try Request.parse(Array(body.utf8)).stringFields.map(\.key) == [EncryptedField(base64: name)])
    }

    @Test func `an Id is in NFC whatever form it comes in`() throws {
        let body = "{\"RequestType\":\"get-logins\",\"Id\":\"cafe\u{301}\"}"
        let id = try #require(try Request.parse(Array(body.utf8)).id)
        #expect(Array(id.utf8) == Array("caf\u{E9}".utf8))
    }
}
