// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Vault

/// What groups say of hosts for the logins in them.
@Suite struct InheritedSettingsTests {
    private static let groups: [(depth: Int, settings: EntrySettings?)] = [
        (0, nil),
        (1, EntrySettings(deny: ["a.example"], realm: "outer")),
        (2, EntrySettings(allow: ["x.example"], deny: ["a.example", "b.example"], realm: "inner")),
        (3, nil),
        (2, nil),
        (1, EntrySettings()),
        (2, EntrySettings(deny: ["a.example"])),
        (1, EntrySettings(deny: ["c.example"])),
    ]

    @Test func `what a group says holds in it and for nothing beside it`() {
        let inherited = InheritedSettings.of(Self.groups)
        let denied = inherited.map { settings in
            ["a", "b", "c"].filter { settings?.denies("\($0).example") == true }.joined()
        }
        #expect(denied == ["", "a", "ab", "ab", "a", "", "a", "c"])
        let allowed = inherited.map { $0?.allows("x.example") == true }
        #expect(allowed == [false, false, true, true, false, false, false, false])
        #expect(
            inherited.map { $0?.realm } == [nil, "outer", "inner", "inner", "outer", nil, nil, nil]
        )
    }

    @Test func `a login is the same one wherever its groups stand, as long as they say the same`() {
        func login(_ inherited: InheritedSettings?) -> Login {
            Login(id: .named("a"), title: "a", inherited: inherited)
        }
        let before = InheritedSettings.of(Self.groups)
        let other: [(depth: Int, settings: EntrySettings?)] = [(1, EntrySettings(deny: ["z.example"]))]
        let after = InheritedSettings.of(Self.groups.prefix(1) + other + Self.groups.dropFirst())
        #expect(login(before[3]) == login(after[4]) && login(before[0]) == login(after[0]))
        #expect(login(before[3]) != login(before[4]))
        // The same hosts in another group are another thing to say.
        #expect(login(before[1]) != login(before[6]))
    }

    @Test func `a query and a save heed what the groups say`() {
        let group = EntrySettings(allow: ["ok.example"], deny: ["no.example"], realm: "Staff")
        let inherited = InheritedSettings.of([(0, group)])[0]
        let login = Login(id: .named("a"), title: "a", url: "https://a.example", inherited: inherited)
        func query(_ url: String, _ submit: String? = nil) -> MatchQuery {
            MatchQuery(url: url, submitUrl: submit, realm: nil, now: 0)
        }
        #expect(login.denies(query("https://no.example/")) && !login.denies(query("https://ok.example/")))
        #expect(login.denies(query("https://a.example/", "https://no.example/")))
        #expect(login.allows(query("https://ok.example/")) && !login.allows(query("https://a.example/")))
        #expect(login.realm == "Staff")
        let draft = LoginDraft(id: login.id, realm: "Staff", allowHosts: ["ok.example", "new.example"])
        let changed = login.changed(by: draft, fields: [:])
        #expect(changed.settings == EntrySettings(allow: ["new.example"]))
    }

    @Test func `many groups in each other with many logins take time in proportion`() {
        let growth = ProcessorTime.growth(from: 2000) { count in
            (0..<count).map { number -> (depth: Int, settings: EntrySettings?) in
                (number, EntrySettings(deny: ["h\(number).example"]))
            }
        } _: { groups in
            let inherited = InheritedSettings.of(groups)
            for number in groups.indices {
                #expect(inherited.last??.denies("h\(number).example") == true)
            }
        }
        #expect(growth < 9)
    }
}
