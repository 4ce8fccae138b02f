// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing
import Vault

@testable import VaultStores

@Suite struct SecretJSONTests {
    @Test(arguments: [
        "", "plain", "\"\\/\u{8}\u{C}\n\r\t", "ünïcode 🔑", "\u{0}\u{1F}\u{7F}",
        String(repeating: "\"", count: 1000),
    ])
    func `a text comes back as it was`(text: String) throws {
        let json = SecretJSON.object(["name \"x\"": .array([.text(SecretBytes(utf8: text)), .number(-5)])])
        #expect(SecretJSON(json.written()) == json)
    }

    @Test(arguments: [
        (#"  { "a" : [ 1 , true, null, 1.5e3, {} , [] ] }  "#, true),
        (#""\u00fc\ud83d\udd11\/""#, true),
        ("", false), ("{", false), ("[1,]", false), ("{\"a\"}", false), ("\"", false), ("\"\\", false),
        ("\"\\x\"", false), (#""\ud83d""#, false), (#""\udd11""#, false), ("nul", false), ("1 2", false),
        ("\"a\nb\"", false), ("{\"a\":1", false), ("+1", false), ("01", false), ("-", false), (".5", false),
        ("1e400", true), ("infinity", false), ("nan", false), ("-0", true), ("0x10", false),
        (String(repeating: "[", count: 100_000), false),
    ])
    func `what other programs may have written is read or refused`(document: String, isValid: Bool) {
        #expect((SecretJSON(SecretBytes(utf8: document)) != nil) == isValid)
    }

    @Test(arguments: [
        "true", "false", "null", "0", "-0", "1.50", "-2E+3", "123456789012345678901234567890", "[{},[],\"\"]",
    ])
    func `what is no text comes back as it was`(document: String) {
        #expect(SecretJSON(SecretBytes(utf8: document))?.written() == SecretBytes(utf8: document))
    }

    @Test func `escapes are what they stand for`() {
        let json = SecretJSON(SecretBytes(utf8: #""\u00fc\ud83d\udd11\/\n""#))
        #expect(json?.text == SecretBytes(utf8: "ü🔑/\n"))
    }

    @Test func `a document cut anywhere is refused`() {
        let document = Array(#"{"allow":["a.example"],"fields":{"x":"\u00e9"},"former":[{"until":5}]}"#.utf8)
        for length in 0..<document.count {
            #expect(SecretJSON(SecretBytes(copying: document[..<length])) == nil)
        }
        #expect(SecretJSON(SecretBytes(copying: document)) != nil)
    }

    /// Whether there is a secret in a value that isn't sealed.
    private static func holdsSecret(_ value: Any) -> Bool {
        value is SecretBytes || Mirror(reflecting: value).children.contains { holdsSecret($0.value) }
    }

    @Test func `what stays in memory of an extra is sealed, and opens as it was`() throws {
        var extra = LoginExtra(
            settings: EntrySettings(allow: ["a.example"], deny: [], realm: nil),
            fields: [
                "KPH: pin": SecretBytes(utf8: "s3cret-pin"),
                "KP2A_URL": SecretBytes(utf8: "https://k.example/"),
            ]
        )
        extra.retire(SecretBytes(utf8: "s3cret-old"), at: 1)
        #expect(Self.holdsSecret(extra))
        let sealed = try #require(SealedExtra(json: extra.json))
        #expect(!Self.holdsSecret(sealed))
        #expect(try sealed.opened() == extra)
        #expect(sealed.settings == extra.settings)
        #expect(sealed.fieldNames == ["KP2A_URL", "KPH: pin"])
        #expect(sealed.furtherURLs == ["https://k.example/"])
        #expect(SealedExtra(json: SecretBytes(utf8: "a password")) == nil)
    }

    @Test func `a text takes no more memory than it needs`() {
        let overflows = SecureHeap.overflows
        let text = SecretBytes(utf8: String(repeating: "a", count: 100_000))
        #expect(SecretJSON.text(text).written().count == 100_002)
        #expect(SecureHeap.overflows == overflows)
    }

    @Test func `an extra comes back as it was, and keeps ten former passwords`() throws {
        var extra = LoginExtra(
            settings: EntrySettings(allow: ["a.example"], deny: ["b.example"], realm: "Intranet"),
            fields: ["KPH: pin": SecretBytes(utf8: "1234")]
        )
        for number in 0..<12 { extra.retire(SecretBytes(utf8: "old \(number)"), at: Int64(number)) }
        extra.retire(SecretBytes(utf8: ""), at: 99)
        #expect(LoginExtra(json: extra.json) == extra)
        #expect(extra.former.map(\.until) == Array((2..<12).reversed()))
        #expect(LoginExtra().isEmpty)
        #expect(LoginExtra(json: SecretBytes(utf8: "{}")) == LoginExtra())
        #expect(LoginExtra(json: SecretBytes(utf8: "a password")) == nil)
        #expect(LoginExtra(json: SecretBytes(utf8: "[]")) == nil)
    }
}
