// SPDX-License-Identifier: Apache-2.0

import TestSupport
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

    @Test func `what a strict reader has no place for undoes nothing`() {
        for oddity in ["\u{1}", "\n", #"\ud83d"#, #"\udd11\ud83d"#] {
            let text =
                #"{"Allow":"\#(oddity)","Deny":["a.example","\#(oddity)",{},"b.example"],"x":"\#(oddity)"}"#
            let settings = EntrySettings(json: text.utf8)
            #expect(settings.deny.isSuperset(of: ["a.example", "b.example"]) && settings.allow.isEmpty)
        }
        let deep = String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
        #expect(EntrySettings(json: #"{"x":\#(deep),"Deny":["a.example"]}"#.utf8).deny == ["a.example"])
    }

    /// Where a text can stand, and what is made of it.
    static let places: [@Sendable (String) -> String] = [
        { #"{"Allow":["\#($0)"]}"# }, { #"{"Deny":["a.example","\#($0)","\#($0)"]}"# },
        { #"{"Realm":"\#($0)"}"# },
        { #"{"\#($0)":1,"\#($0)x":[]}"# }, { #"{"x":{"\#($0)":["\#($0)"]}}"# },
    ]

    @Test(arguments: places.indices, [#"\u0323\u0301"#, "\u{323}\u{301}", "\u{1}", #"","#])
    func `a text of any length is read in proportion to it`(place: Int, piece: String) {
        let growth = ProcessorTime.growth(from: 4000) { count in
            Array(Self.places[place](String(repeating: piece, count: count)).utf8)
        } _: { text in
            let settings = EntrySettings(json: text)
            _ = EntrySettings(allow: settings.allow) == settings
        }
        #expect(growth < 10)
    }
}
