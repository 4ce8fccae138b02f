// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Vault

@Suite struct EntrySettingsTests {
    @Test func `the plugin's JSON is read, hosts in one form`() {
        let json =
            #"{"Allow":["Www.Example.com","https://a.example/x"],"Deny":["münchen.example"],"Realm":"Intern"}"#
        let settings = EntrySettings(json: json.utf8)
        #expect(settings.allow == ["www.example.com", "a.example"])
        #expect(settings.deny == ["xn--mnchen-3ya.example"])
        #expect(settings.realm == "Intern")
    }

    @Test(arguments: [
        "", "{", "null", "[]", "7", #""x""#, "{}", #"{"Allow":null,"Deny":null,"Realm":null}"#,
        #"{"Realm":""}"#,
        #"{"Allow":7,"Deny":"x","Realm":[]}"#, "\u{FEFF}", #"{"allow":["a.example"]}"#,
    ])
    func `what cannot be read says nothing`(json: String) {
        #expect(EntrySettings(json: json.utf8).isEmpty)
    }

    @Test func `one broken member doesn't undo another`() {
        let settings = EntrySettings(
            json: #"{"Allow":{},"Deny":["a.example",7,null,"b.example"],"Realm":1}"#.utf8
        )
        #expect(settings == EntrySettings(deny: ["a.example", "b.example"]))
    }

    @Test func `a long list of what is no text is read in proportion`() {
        let mistakes = String(repeating: "\"\u{1}\",", count: 60_000)
        let text = #"{"Deny":["a.example",\#(mistakes)"b.example"]}"#
        #expect(EntrySettings(json: text.utf8).deny == ["a.example"])
    }
}
