// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing
import VaultTestSupport

@testable import Vault

@Suite struct ClientRestrictionTests {
    private static func login(_ url: String, group: String? = nil, further: [String] = []) -> Login {
        var login = Login.sample("a", url: url)
        login.group = group.map { path in
            let names = path.split(separator: "/").map(String.init)
            return Self.group(names.first == "Root" ? Array(names.dropFirst()) : names)
        }
        login.furtherURLs = further
        return login
    }

    private static func group(_ names: [String]?, below root: String = "Root") -> LoginGroup {
        LoginGroup(name: ([root] + (names ?? ["…"])).joined(separator: "/"), root: root, names: names)
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
        login.group = Self.group(nil, below: "Work")
        #expect(try !ClientRestriction(groups: ["Work", "Work/…"]).admits(login))
    }

    @Test(arguments: [
        (["Work/Secret"], "Work", false), (["Work/Secret"], "Work/Secret", false),
        (["Work", "Secret/a"], "Work", true), (["Work", "Secret"], "Work//Secret/", true),
        (["Wor\u{301}k"], "Wo\u{155}k", true), (["Work", "\u{301}Secret"], "Work/\u{301}Secret", true),
    ])
    func `a group is in another by the names of its path, whatever slashes are in them`(
        names: [String],
        listed: String,
        isIn: Bool
    ) throws {
        var login = Login.sample("a", url: "")
        login.group = Self.group(names)
        #expect(try ClientRestriction(groups: [listed]).admits(login) == isIn)
    }

    @Test(arguments: [[], ["Root"], ["Root", "a"]])
    func `of a root group and another in it of the same name, the inner one is meant`(names: [String]) throws
    {
        var login = Login.sample("a", url: "")
        login.group = Self.group(names)
        for listed in ["Root", "/Root/"] {
            #expect(try ClientRestriction(groups: [listed]).admits(login) == !names.isEmpty)
        }
    }

    @Test func `slashes too many don't matter in a path that is listed`() throws {
        #expect(
            try ClientRestriction(groups: ["//Work///Servers/", "Work/Servers"]).groups == ["Work/Servers"]
        )
        #expect(throws: RestrictionError.badGroup("//")) { try ClientRestriction(groups: ["//"]) }
    }

    @Test func `a restriction is within another that names all that it names, or nothing of that sort`()
        throws
    {
        let part = try ClientRestriction(vaults: ["a"], groups: ["b"])
        #expect(part.isWithin(part) && part.isWithin(.everything))
        #expect(try part.isWithin(ClientRestriction(vaults: ["x", "a"])))
        #expect(try ClientRestriction(vaults: ["a"], groups: ["b"], hosts: ["c.example"]).isWithin(part))
        #expect(ClientRestriction.unreadable.isWithin(part) && !part.isWithin(.unreadable))
        for wider in [
            .everything, try ClientRestriction(vaults: ["a"]),
            try ClientRestriction(vaults: ["a", "b"], groups: ["b"]),
            try ClientRestriction(vaults: ["a"], groups: ["c"]),
        ] { #expect(!wider.isWithin(part)) }
    }

    @Test(arguments: ["{REF:A@I:%}", "https://{REF:U@I:%}/", "{REF:A@T:secret}"])
    func `a reference that leads out of it is as good as one that leads nowhere`(url: String) throws {
        let (inside, outside) = (Self.group(["Work"]), Self.group(["Private"]))
        var logins = [
            Login(id: .random(), title: "secret", username: "bank.example", url: "https://bank.example/"),
            Login(id: .random(), title: "referring"), Login(id: .random(), title: "chained"),
        ]
        logins[1].url = url.replacing("%", with: logins[0].id.hex)
        logins[2].url = "{REF:A@I:\(logins[1].id.hex)}"
        let query = MatchQuery(url: "https://bank.example/", now: 0)
        for (group, count) in [(inside, 3), (outside, 0)] {
            logins[0].group = group
            for place in [1, 2] { logins[place].group = inside }
            let index = LoginIndex(logins)
            let limited = index.limited(to: try ClientRestriction(groups: ["Work"]))
            #expect(LoginIndex.count(of: query, in: [index]) == 3)
            #expect(LoginIndex.count(of: query, in: [limited]) == count)
            #expect(
                limited.login(logins[1].id)?.matchedURL
                    == (count == 0 ? logins[1].url : "https://bank.example/")
            )
            let host = index.limited(to: try ClientRestriction(groups: ["Work"], hosts: ["bank.example"]))
            // One that leads there by another reference isn't there by itself.
            let direct = min(count, 2)
            #expect(LoginIndex.count(of: query, in: [host]) == direct && host.count == direct)
        }
    }

    @Test func `where a reference leads out of it, what stands beside that still counts`() throws {
        var logins = [
            Login(id: .random(), title: "secret", url: "https://bank.example/"),
            Login(id: .random(), title: "a"),
        ]
        logins[1].url = "{REF:A@I:\(logins[0].id.hex)}"
        logins[1].furtherURLs = ["https://own.example/"]
        logins[1].group = Self.group(["Work"])
        let limited = LoginIndex(logins).limited(to: try ClientRestriction(groups: ["Work"]))
        #expect(LoginIndex.count(of: MatchQuery(url: "https://own.example/", now: 0), in: [limited]) == 1)
        #expect(LoginIndex.count(of: MatchQuery(url: "https://bank.example/", now: 0), in: [limited]) == 0)
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
