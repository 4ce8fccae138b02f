// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing
import VaultTestSupport

@testable import Vault

@Suite struct ClientRestrictionTests {
    private static func login(_ url: String, group: String? = nil, further: [String] = []) -> Login {
        var login = Login.sample("a", url: url)
        login.group = group.map { LoginGroup(name: $0, root: "Root") }
        login.furtherURLs = further
        return login
    }

    @Test func `lists are kept in their order and in one form, each name once`() throws {
        let restriction = try ClientRestriction(
            vaults: ["work", "home", "work"],
            groups: ["/Caf\u{65}\u{301}/", "Caf\u{E9}", "B"],
            hosts: ["Example.COM", "*.MÜNCHEN.example", "::1", "[::1]", "127.0.0.1"]
        )
        #expect(restriction.vaults == ["work", "home"])
        #expect(restriction.groups.map { Array($0.utf8) } == ["Caf\u{E9}", "B"].map { Array($0.utf8) })
        #expect(restriction.hosts == ["example.com", "*.xn--mnchen-3ya.example", "[::1]", "127.0.0.1"])
        #expect(!restriction.isEverything)
        #expect(try ClientRestriction().isEverything)
    }

    @Test(arguments: ["*", "*.com", "*.co.uk", "*.github.io", "*.localhost"])
    func `a pattern for hosts of many owners is none`(text: String) {
        #expect(throws: RestrictionError.tooWide(text)) { try ClientRestriction(hosts: [text]) }
    }

    @Test(arguments: [
        "", "https://example.com", "example.com/", "example.com:443", "*.1.2.3.4", "a.*.example.com",
        "*example.com",
        "**.example.com", "*.", ".", "a b.example", "010.0.0.1", "me@example.com",
    ])
    func `what is no host is told`(text: String) {
        #expect(throws: RestrictionError.badHost(text)) { try ClientRestriction(hosts: [text]) }
    }

    @Test func `names that nothing has, and too many, are told`() {
        #expect(throws: RestrictionError.badVault("a\u{200B}")) {
            try ClientRestriction(vaults: ["a\u{200B}"])
        }
        for path in ["", "/", "a\nb", "a\u{1}", String(repeating: "a", count: 1025)] {
            #expect(throws: RestrictionError.badGroup(path)) { try ClientRestriction(groups: [path]) }
        }
        let many = (0...ClientRestriction.mostNames).map { "a\($0)" }
        #expect(throws: RestrictionError.tooMany) { try ClientRestriction(groups: many) }
    }

    @Test(arguments: [
        ("example.com", "https://example.com/", true), ("example.com", "https://www.example.com/", false),
        ("*.example.com", "https://example.com:8443/", true),
        ("*.example.com", "https://a.b.example.com/", true),
        ("*.example.com", "https://badexample.com/", false),
        ("*.example.com", "https://example.com.evil.example/", false),
        ("127.0.0.1", "http://127.0.0.1:8080/", true), ("127.0.0.1", "http://127.0.0.2/", false),
        ("::1", "http://[::1]/", true), ("münchen.example", "https://xn--mnchen-3ya.example", true),
        ("localhost", "http://localhost/", true), ("example.com", "androidapp://example.com", false),
        ("example.com", "", false),
    ])
    func `a login belongs to a host that is named`(pattern: String, url: String, isIn: Bool) throws {
        let restriction = try ClientRestriction(hosts: [pattern])
        #expect(restriction.admits(Self.login(url)) == isIn)
        #expect(restriction.admits(Self.login("", further: [url])) == isIn)
        if let page = PageAddress(url) { #expect(restriction.admits(page) == isIn) }
    }

    @Test func `a further URL for hosts below needs them all`() throws {
        let (one, all) = (
            try ClientRestriction(hosts: ["example.com"]), try ClientRestriction(hosts: ["*.example.com"])
        )
        let below = Self.login("", further: ["https://login.*.example.com/"])
        #expect(!one.admits(below) && all.admits(below))
        #expect(one.admits(Self.login("", further: ["https://*.example.com/"])))
    }

    @Test(arguments: [
        ("Work", "Root/Work", true), ("Work", "Root/Work/Servers", true),
        ("Root/Work", "Root/Work/Servers", true),
        ("Work", "Root/Workshop", false), ("Work", "Root/A/Work", false), ("Root", "Root/Work", false),
        ("Root", "Root/Root/Work", true), ("work", "Root/Work", false), ("Work/Servers", "Root/Work", false),
        ("Work", "Work", true),
    ])
    func `a group has what is in its groups, by its path with or without the root's name`(
        listed: String,
        path: String,
        isIn: Bool
    ) throws {
        let restriction = try ClientRestriction(groups: [listed])
        #expect(restriction.admits(Self.login("", group: path)) == isIn)
        #expect(!restriction.admits(Self.login("")))
    }

    @Test func `a group whose path is cut off is in none`() throws {
        var login = Login.sample("a", url: "")
        login.group = LoginGroup(name: "Work/Servers", root: "Root", isWhole: false)
        #expect(try !ClientRestriction(groups: ["Work"]).admits(login))
    }

    @Test func `what can't be read has nothing in it`() {
        let nothing = ClientRestriction.unreadable
        #expect(!nothing.admits(vault: "a") && !nothing.admits(Self.login("https://example.com", group: "a")))
        #expect(!nothing.isEverything && nothing.words == "nothing")
    }

    @Test func `whatever an index is asked, there is nothing but what it is limited to`() throws {
        var logins = ["in", "out"].flatMap { name in
            (0..<2).map { Login(id: .random(), title: "\(name)\($0)", url: "https://\(name).example/") }
        }
        for place in logins.indices where place % 2 == 1 { logins[place].isSearchable = false }
        logins += ["in2", "out2"].map { name in
            Login(id: .random(), title: name, url: "https://shared.example/")
        }
        logins[4].furtherURLs = ["https://in.example/"]
        let index = LoginIndex(logins)
        let limited = index.limited(to: try ClientRestriction(hosts: ["in.example"]))
        #expect(limited.all.map(\.title) == ["in0", "in2"] && limited.count == 2)
        #expect(limited.everything.map(\.title) == ["in0", "in2", "in1"])
        for login in logins {
            let isIn = login.title.hasPrefix("in")
            #expect((limited.login(login.id) != nil) == isIn)
            #expect(limited.titled([login.title]).count == (isIn && login.isSearchable ? 1 : 0))
            #expect((limited.first { $0.title == login.title } != nil) == isIn)
        }
        for page in ["https://out.example/", "https://shared.example/"] {
            let query = MatchQuery(url: page, now: 0)
            #expect(LoginIndex.matches(query, in: [limited]).isEmpty)
            #expect(LoginIndex.count(of: query, in: [limited]) == 0)
            #expect(LoginIndex.count(of: query, in: [index]) > 0)
        }
        #expect(LoginIndex.count(of: MatchQuery(url: "out0", now: 0), in: [limited]) == 0)
        #expect(LoginIndex.count(of: MatchQuery(url: "in0", now: 0), in: [limited]) == 1)
    }

    @Test func `a save that would leave it, or lead out of it, is refused`() throws {
        let restriction = try ClientRestriction(hosts: ["*.in.example"])
        func refusal(_ draft: LoginDraft, of stored: Login? = nil) throws -> String? {
            restriction.refusal(of: draft, try SavePreview(draft, stored: stored))
        }
        #expect(try refusal(LoginDraft(url: "https://a.in.example/")) == nil)
        #expect(try refusal(LoginDraft(url: "https://out.example/")) != nil)
        #expect(try refusal(LoginDraft(url: "https://in.example/", title: "out.example")) != nil)
        #expect(try refusal(LoginDraft(url: "https://in.example/", allowHosts: ["out.example"])) != nil)
        #expect(try refusal(LoginDraft(title: "no host")) != nil)
        let stored = Self.login("https://in.example/", further: ["https://other.example/"])
        let field = ["KP2A_URL": SecretBytes(utf8: "https://out.example:8443/")]
        #expect(try refusal(LoginDraft(id: stored.id, fields: field), of: stored) != nil)
        #expect(try refusal(LoginDraft(id: stored.id, url: "https://other.example/"), of: stored) != nil)
        #expect(try refusal(LoginDraft(id: stored.id, username: "new"), of: stored) == nil)
    }
}
