// SPDX-License-Identifier: Apache-2.0

import DisplayText
import Testing

@testable import Clients

@Suite struct FreeClientNameTests {
    @Test(arguments: [
        ("firefox", [], "firefox"), ("firefox", ["firefox"], "firefox-2"),
        ("firefox", ["firefox", "firefox-2"], "firefox-3"), ("Ünïcode Id", [], "Ünïcode Id"),
        ("", [], "client"), ("fіrefоx", [], "client"), ("браузер-2", [], "браузер-2"),
        ("a\nb\u{202E}c", [], "abc"), ("\u{7}", ["client"], "client-2"),
        ("ﬁrefox", ["firefox"], "firefox-2"), ("fire\u{2011}fox", [], "fire-fox"),
    ])
    func `a suggestion is the base, or the next free number`(base: String, taken: [String], expected: String)
    {
        let name = FreeClientName.free(near: base) { taken.contains($0) }
        #expect(name == expected)
    }

    @Test(arguments: [String(repeating: "x", count: 128), String(repeating: "é", count: 128), "日本語"])
    func `a numbered suggestion is no longer than an Id may be`(base: String) {
        let name = FreeClientName.free(near: base) { $0 == base }
        #expect(name.hasSuffix("-2"))
        #expect(PlainName(name)?.text == name)
    }
}
