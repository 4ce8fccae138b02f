// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import SecureMemory
import Testing

/// What real clients send (docs/protocol.md, "What clients do"), one deviation per test.
@Suite struct RequestTests {
    @Test(arguments: RequestType.allCases)
    func `every request type is known by its word`(type: RequestType) throws {
        #expect(try request(#"{"RequestType":"\#(type.rawValue)"}"#).type == type)
    }

    @Test func `the ping of the extensions is unsigned and nameless`() throws {
        for text in [
            #"{"RequestType":"test-associate","TriggerUnlock":false}"#, #"{"RequestType":"test-associate"}"#,
        ] {
            let ping = try request(text)
            #expect(ping.type == .testAssociate)
            #expect(ping.signature == nil)
            #expect(ping.id == nil)
            #expect(!ping.triggerUnlock)
            #expect(!ping.hasKey)
        }
    }

    @Test func `keys stand in any order, indented, among unknown ones`() throws {
        let request = try request(
            """
            \u{FEFF}  {
                "Verifier" : "\(SampleMessage.verifier)",
                "Answer": [1, -2.5e+3, {"deep": [null, true]}],
            \t"Nonce": "\(SampleMessage.nonceText)",\r
                "Url": "0iXc9Q22XMljOaMStuL+n6\\/DLp17n6XvnSD0Fr95OZw=",
                "Id": "b\\u00fcro \\ud83d\\udd11 é",
                "Hmac": "\(SampleMessage.hmac)", "RequestType": "get-logins"
            }

            """
        )
        #expect(request.type == .getLogins)
        #expect(request.id == "büro 🔑 é")
        #expect(request.signature == SampleMessage.signature)
        let message = try VerifiedMessage(verifying: SampleMessage.signature, with: SampleMessage.key())
        let url = try #require(request.field("Url"))
        #expect(try message.decryptText(url) == "http://github.com/")
    }

    @Test(arguments: [
        ("true", true), ("false", false), (#""true""#, true), (#""false""#, false), (#""False""#, false),
        (#""True""#, true), ("null", nil), (#""""#, nil), ("1", nil), (#""yes""#, nil), ("[]", nil),
        ("{}", nil),
    ])
    func `flags come in every spelling, and as the default otherwise`(value: String, claim: Bool?) throws {
        let request = try request(
            #"{"RequestType":"get-logins","TriggerUnlock":\#(value),"SearchInTags":\#(value)}"#
        )
        #expect(request.triggerUnlock == claim ?? false)
        #expect(request.flag("SearchInTags", default: true) == claim ?? true)
        #expect(request.flag("SearchInTags", default: false) == claim ?? false)
        #expect(request.flag("Absent", default: true))
    }

    @Test(arguments: ["null", #""""#, "5", "[]", #""a\u0000b""#, "\"\(String(repeating: "a", count: 257))\""])
    func `an Id that names nobody is none`(value: String) throws {
        #expect(try request(#"{"RequestType":"associate","Id":\#(value)}"#).id == nil)
    }

    @Test func `an associate brings its key, with line breaks or of 16 bytes`() throws {
        let whole = try request(#"{"RequestType":"associate","Key":"\#(SampleMessage.keyText)\n"}"#)
        #expect(whole.hasKey)
        #expect(try whole.key == SampleMessage.key())
        let short = try request(#"{"RequestType":"associate","Key":"\#(SampleMessage.nonceText)"}"#)
        #expect(short.key?.bytes.count == 16)
    }

    @Test func `nothing that prints a request shows the key it brings`() throws {
        let request = try request(#"{"RequestType":"associate","Key":"\#(SampleMessage.keyText)"}"#)
        var dumped = ""
        dump(request, to: &dumped)
        #expect(!"\(request) \(dumped)".contains("ksP1sw"))
        #expect(request.text("Key") == nil)
    }

    @Test(arguments: [("null", false), (#""""#, false), ("5", true), (#""AAAA""#, true), (#""?""#, true)])
    func `a key that is none is told from an absent one`(value: String, isThere: Bool) throws {
        let request = try request(#"{"RequestType":"associate","Key":\#(value)}"#)
        #expect(request.hasKey == isThere)
        #expect(request.key == nil)
    }

    @Test(arguments: ["", #","Url":null"#, #","Url":"""#])
    func `an encrypted field that is absent, null or plainly empty is none`(member: String) throws {
        #expect(try request(#"{"RequestType":"get-logins"\#(member)}"#).field("Url") == nil)
    }

    @Test(arguments: ["5", "true", "[]", "{}", #""?""#, #""AA""#])
    func `an encrypted field of a wrong form is there, and never decrypts`(value: String) throws {
        let request = try request(#"{"RequestType":"get-logins","Url":\#(value)}"#)
        let field = try #require(request.field("Url"))
        let message = try VerifiedMessage(verifying: SampleMessage.signature, with: SampleMessage.key())
        #expect(throws: VerificationFailure()) { try message.decrypt(field) }
    }

    @Test(arguments: [
        "", #""Nonce":"AAAA""#, #""Verifier":"AAAA""#, #""Nonce":"","Verifier":"AAAA""#,
        #""Nonce":null,"Verifier":null"#,
    ])
    func `a request without nonce and verifier is unsigned`(members: String) throws {
        let text = #"{"RequestType":"test-associate"\#(members.isEmpty ? "" : ",")\#(members)}"#
        #expect(try request(text).signature == nil)
    }

    @Test(arguments: [
        #""Nonce":5,"Verifier":"\#(SampleMessage.verifier)""#,
        #""Nonce":"\#(SampleMessage.nonceText)","Verifier":[]"#,
        #""Nonce":"\#(SampleMessage.nonceText)","Verifier":"\#(SampleMessage.verifier)","Hmac":7"#,
    ])
    func `a signature of wrong types is there, and never verifies`(members: String) throws {
        let signature = try #require(try request(#"{"RequestType":"get-logins",\#(members)}"#).signature)
        #expect(throws: VerificationFailure()) {
            try VerifiedMessage(verifying: signature, with: SampleMessage.key())
        }
    }

    @Test func `an empty or null Hmac is none`() throws {
        for hmac in ["null", #""""#] {
            let request = try request(
                """
                {"RequestType":"get-logins","Nonce":"\(SampleMessage.nonceText)","Verifier":"\(SampleMessage.verifier)",
                "Hmac":\(hmac)}
                """
            )
            #expect(request.signature?.hmac == nil)
            #expect(request.signature != nil)
        }
    }

    @Test func `names are an array, empty ones left out`() throws {
        let type = #""RequestType":"get-logins-by-names""#
        #expect(
            try request(#"{\#(type),"Names":["v3KIwQk0nMwHLHRYXNG5gw==",null,""]}"#).fields("Names").count
                == 1
        )
        for none in ["", #","Names":null"#, #","Names":[]"#, #","Names":"""#] {
            #expect(try request("{\(type)\(none)}").fields("Names").isEmpty)
        }
        for wrong in ["5", #""AAAA""#, "{}", "[5]"] {
            #expect(try request(#"{\#(type),"Names":\#(wrong)}"#).fields("Names") == [.unusable])
        }
    }

    @Test func `string fields set, remove and leave alone`() throws {
        let key = try #require(SampleMessage.encrypted["K"])
        let other = try #require(SampleMessage.encrypted["Field"])
        let changes = try request(
            #"{"RequestType":"set-login","StringFields":{"\#(key)":"\#(other)","\#(other)":null,"AAAA":""}}"#
        ).stringFields
        let message = try VerifiedMessage(verifying: SampleMessage.signature, with: SampleMessage.key())
        let decrypted = try changes.map { change in
            (try message.decryptText(change.key), try change.value.map(message.decryptText))
        }.sorted { $0.0 < $1.0 }
        #expect(decrypted.map(\.0) == ["Field", "K"])
        #expect(decrypted.map(\.1) == [nil, "Field"])
    }

    @Test func `string fields that are none, and that are of a wrong form`() throws {
        for none in ["", #","StringFields":null"#, #","StringFields":{}"#, #","StringFields":"""#] {
            #expect(try request(#"{"RequestType":"set-login"\#(none)}"#).stringFields.isEmpty)
        }
        for wrong in ["5", "[]", #""AAAA""#] {
            let changes = try request(#"{"RequestType":"set-login","StringFields":\#(wrong)}"#).stringFields
            #expect(changes.map(\.key) == [.unusable])
        }
    }

    @Test func `of two equal keys the last counts`() throws {
        #expect(try request(#"{"RequestType":"associate","RequestType":"set-login"}"#).type == .setLogin)
    }

    @Test(arguments: [
        ("get-login", "Unknown command: get-login"), ("GET-LOGINS", "Unknown command: GET-LOGINS"),
        ("a\\nb\\u0000\\u202e<b>\\u3164c\\u200d", "Unknown command: ab<b>c"),
        (
            String(repeating: "x", count: 5000),
            "Unknown command: " + String(repeating: "x", count: 63) + "…"
        ),
    ])
    func `an unknown command is named, cleaned and cut`(name: String, sentence: String) {
        #expect(refusal(of: #"{"RequestType":"\#(name)"}"#)?.sentence == sentence)
    }

    @Test(arguments: ["{}", #"{"RequestType":""}"#, #"{"RequestType":null}"#, #"{"RequestType":5}"#])
    func `a request without a type says what it lacks`(text: String) {
        #expect(refusal(of: text)?.sentence == "Invalid request: RequestType: required")
    }

    @Test func `a missing field is named in the protocol's words`() {
        #expect(RequestError.missing("Url").sentence == "Invalid request: Url: required")
        #expect(RequestError.invalidSearchMode.sentence == "Invalid search mode")
    }

    @Test func `plain texts are texts that say something`() throws {
        let request = try request(#"{"RequestType":"get-logins","Name":"x","Login":"","Realm":5}"#)
        #expect(request.text("Name") == "x")
        #expect(request.text("Login") == nil)
        #expect(request.text("Realm") == nil)
        #expect(request.text("Url") == nil)
    }

    private func refusal(of text: String) -> RequestError? {
        do throws(RequestError) {
            _ = try Request.parse(Array(text.utf8))
            return nil
        } catch {
            return error
        }
    }
}
