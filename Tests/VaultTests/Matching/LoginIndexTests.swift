// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import VaultTestSupport

@testable import Vault

@Suite struct LoginIndexTests {
    @Test func `a URL or a title that nobody writes isn't read, and its login is there all the same`() {
        let long = "https://example.com/" + String(repeating: "x", count: FurtherURL.longest)
        let login = Login.sample("z", url: long)
        #expect(login.addresses.isEmpty)
        let index = LoginIndex([login])
        #expect(index.found("https://example.com/").isEmpty && index.count == 1)
        let most = Login.sample("z", url: String(long.prefix(FurtherURL.longest)))
        #expect(LoginIndex([most]).found("https://example.com/") == "z")
    }

    @Test(arguments: [
        ("https://example.com:8443/", "https://example.com:8443/", "z"),
        ("https://example.com:8443/", "https://example.com/", ""),
        ("https://example.com/", "https://example.com:8443/", ""),
        ("example.com", "https://example.com:8443/", ""),
        ("example.com", "https://example.com:443/", "z"),
        ("https://example.com:443/", "https://example.com/", "z"),
        ("http://example.com:80/", "https://example.com/", ""),
        ("https://example.com:8443/", "https://www.example.com:8443/", "z"),
        ("https://example.com", "http://example.com", "z"),
        ("ssh://example.com", "https://example.com", "z"),
        ("http://[::1]:3000", "http://[::1]:3000/x", "z"),
        ("http://[::1]:3000", "http://[0:0::1]:3000/x", "z"),
        ("http://[::1]:3000", "http://[::1]:3001/", ""),
    ])
    func `a written port must be the page's`(entry: String, page: String, expected: String) {
        #expect(LoginIndex([.sample("z", url: entry)]).found(page) == expected)
    }

    @Test(arguments: [
        ("https://münchen.example", "https://xn--mnchen-3ya.example/"),
        ("https://xn--mnchen-3ya.example", "https://MÜNCHEN.example/"),
        ("https://EXAMPLE.com.", "https://example.com/"),
        ("https://github.io", "https://github.io/"),
        ("http://nas", "http://nas/"),
        ("localhost", "http://localhost/"),
        ("androidapp://com.example.app", "androidapp://com.example.app"),
    ])
    func `hosts compare in one form`(entry: String, page: String) {
        #expect(LoginIndex([.sample("z", url: entry)]).found(page) == "z")
    }

    @Test func `of two logins with one name only the first is there`() {
        let first = Login.sample("first", url: "https://a.example")
        var second = first
        (second.title, second.url) = ("second", "https://b.example")
        let index = LoginIndex([first, second])
        #expect(index.all == [first])
        #expect(index.found("https://b.example/") == "" && index.found("https://a.example/") == "first")
    }

    @Test func `a login for just this host hides its domain's`() {
        let index = LoginIndex([
            .sample("domain", url: "https://example.com"),
            .sample("www", url: "https://www.example.com"),
        ])
        #expect(index.found("https://www.example.com/") == "www")
        #expect(index.found("https://mail.example.com/") == "domain")
        #expect(index.found("https://a.www.example.com/") == "www")
    }

    @Test func `a login that may not be offered doesn't hide its domain's`() {
        let index = LoginIndex([
            .sample("domain", url: "https://example.com"),
            .sample("port", url: "https://www.example.com:81"),
            .sample(
                "denied",
                url: "https://www.example.com",
                settings: EntrySettings(deny: ["www.example.com"])
            ),
            .sample("binned", url: "https://www.example.com", isRecycled: true),
        ])
        #expect(index.found("https://www.example.com/") == "domain")
    }

    @Test func `further addresses count, and a login is given once`() {
        let index = LoginIndex([
            .sample(
                "z",
                title: "example.com",
                url: "https://example.com/",
                furtherURLs: ["https://example.org:81/", "example.com/2", "no address", ""]
            )
        ])
        #expect(index.found("https://example.com/") == "z")
        #expect(index.found("https://example.org:81/") == "z")
        #expect(index.found("https://example.org/") == "")
    }

    @Test func `however many spellings of its title are asked for, a login comes once`() {
        // Ten accents, each in one of two spellings: 1024 texts that people read alike.
        let spellings = (0..<1024).map { number in
            (0..<10).reduce("") { $0 + (number >> $1 & 1 == 0 ? "\u{E9}" : "e\u{301}") }
        }
        let index = LoginIndex([
            .sample("a", title: spellings[0]), .sample("b", title: "b"), .sample("c", title: spellings[1023]),
        ])
        #expect(index.titled(["b"] + spellings + ["b", "none"]).map(\.sampleName) == ["b", "a", "c"])
    }

    @Test func `the bin, groups that forbid searching and the plugin's own entry are left out`() {
        let plugin = Login(id: .keePassHttpSettings, title: "Renamed", url: "https://example.com")
        let index = LoginIndex([
            .sample("bin", title: "t", url: "https://example.com", isRecycled: true),
            .sample("hidden", title: "t", url: "https://example.com", isSearchable: false),
            .sample("keys", title: "KeePassHttp Settings", url: "https://example.com"),
            plugin,
        ])
        #expect(index.found("https://example.com/") == "")
        #expect(index.titled("t").isEmpty)
        #expect(index.count == 0)
        #expect(index.everything.map(\.sampleName) == ["hidden"])
        #expect(index.login(.named("hidden")) != nil)
        #expect(index.login(.named("bin")) == nil)
        #expect(index.login(.keePassHttpSettings) == nil)
    }

    @Test func `an expired login is left out if that is wanted`() {
        let index = LoginIndex([.sample("z", url: "https://example.com", expires: 1000)])
        let options = MatchOptions(hideExpired: true)
        #expect(index.found("https://example.com/", now: 2000) == "z")
        #expect(index.found("https://example.com/", options: options, now: 999) == "z")
        #expect(index.found("https://example.com/", options: options, now: 1000) == "")
    }

    @Test(arguments: [("Intern", ""), ("Extern", "z"), ("", "z")])
    func `a realm must be the login's where both name one`(realm: String, expected: String) {
        let index = LoginIndex([
            .sample("z", url: "https://example.com", settings: EntrySettings(realm: "Extern"))
        ])
        #expect(index.found("https://example.com/", realm: realm) == expected)
        #expect(
            LoginIndex([.sample("y", url: "https://example.com")]).found("https://example.com/", realm: realm)
                == "y"
        )
    }

    @Test func `a denied host gets nothing, neither as a page nor as where it sends`() {
        let settings = EntrySettings(deny: ["Bad.Example:8443", "www.example.com"])
        let index = LoginIndex([.sample("z", url: "https://example.com", settings: settings)])
        #expect(index.found("https://example.com/") == "z")
        #expect(index.found("https://www.example.com/") == "")
        #expect(index.found("https://example.com/", submit: "https://bad.example:8443/x") == "")
        #expect(index.found("https://example.com/", submit: "https://bad.example/x") == "z")
    }

    @Test(arguments: [
        "//evil.example/x", "https:/evil.example/x", "https:evil.example/x", "http:evil.example",
        "https:\\\\evil.example/x", "/\\evil.example", "wss:evil.example", "mailto:x@evil.example",
        "HTTPS:evil.example", "\\\\evil.example", "\\evil.example", "/\t/evil.example", " //evil.example",
        "ht\ntps:evil.example", "\u{0}https:evil.example", "https:", "https:\u{301}/evil.example", "/\\/x",
        "///evil.example", "ftp:/evil.example", "blob:https:evil", "https:///evil.example",
        "https://evil.example\\@example.com/", "tel:1", "https:443/x",
    ])
    func `where a browser may send a form to another host counts, however it is spelt`(submit: String) {
        let query = MatchQuery(url: "https://example.com/", submitUrl: submit, now: 0)
        #expect(query.submit == nil && query.unclearSubmit != nil)
        #expect(query.unclear == ["", submit])
        let login = Login.sample("z", settings: EntrySettings(allow: ["example.com"]))
        #expect(!login.allows(query))
    }

    @Test(arguments: [
        "", "/", "/login", "/a:b//c", "git", "login.php?next=//x", "javascript:void(0)", "about:blank",
        "?a=b:c", "#",
        "My app: main", "a/b:c", "./https:x",
    ])
    func `a path, a word, a script and nothing stay on the page`(submit: String) {
        #expect(MatchQuery(url: "https://example.com/", submitUrl: submit, now: 0).unclearSubmit == nil)
    }

    @Test func `the Allow list covers a page only with where it sends`() {
        let login = Login.sample("z", settings: EntrySettings(allow: ["WWW.example.com", "pay.example:444"]))
        func allows(_ url: String, _ submit: String? = nil) -> Bool {
            login.allows(MatchQuery(url: url, submitUrl: submit, now: 0))
        }
        #expect(allows("https://www.example.com/"))
        #expect(allows("https://www.example.com/", ""))
        #expect(allows("https://www.example.com/", "git"))
        #expect(allows("https://www.example.com/", "https://pay.example:444/"))
        #expect(!allows("https://www.example.com/", "https://pay.example/"))
        #expect(!allows("https://www.example.com/", "https://evil\\@www.example.com/"))
        #expect(!allows("https://www.example.com:81/"))
        #expect(!allows("https://example.com/"))
        #expect(!allows("https://a.www.example.com/"))
        #expect(!allows("a title"))
    }

    @Test(arguments: [
        ("Router", "word"), ("router", ""), ("git:https", "git"), ("example.com", "host"), ("é", "é"),
    ])
    func `a Url that is a title matches titles exactly`(url: String, expected: String) {
        let index = LoginIndex([
            .sample("word", title: "Router"), .sample("git", title: "git:https"),
            .sample("host", title: "Bank", url: "https://example.com"), .sample("é", title: "e\u{301}"),
        ])
        #expect(index.found(url) == expected)
    }

    @Test(arguments: [
        ("http://pihole/", "word"), ("http://pihole/admin?x", "word"), ("http://pihole:8080/", ""),
        ("http://router/", "address"), ("http://router:81/", "port"), ("http://nas/", "local"),
        // Whoever answers to these in a strange network isn't who the login is for.
        ("http://amazon/", ""), ("http://bank/", ""), ("http://app/", ""),
        ("http://my/", ""), ("http://pihole.example.com/", ""), ("pihole", "word"),
    ])
    func `a word as title is the machine of that name in the local network`(page: String, found: String) {
        let index = LoginIndex([
            .sample("word", title: "pihole"), .sample("address", title: "Router", url: "http://192.168.1.1/"),
            .sample("port", title: "router:81"), .sample("local", title: "nas", url: "http://nas/"),
            .sample("site", title: "Amazon", url: "https://www.amazon.example/"),
            .sample("further", title: "Bank", furtherURLs: ["https://bank.example/"]),
            .sample("app", title: "app", url: "androidapp://com.example.app"),
            .sample("words", title: "my router"), .sample("path", title: "my/router"),
        ])
        #expect(index.found(page) == found)
    }

    @Test func `equally near ones are ordered by user name or by title`() {
        let index = LoginIndex([
            .sample("1", title: "B", url: "https://example.com", username: "carol"),
            .sample("2", title: "a", url: "https://example.com", username: "Bob"),
            .sample("3", title: "C", url: "https://example.com", username: "alice"),
        ])
        #expect(index.found("https://example.com/") == "3 2 1")
        #expect(index.found("https://example.com/", options: MatchOptions(sortBy: .title)) == "2 1 3")
    }

    @Test(arguments: [
        ("alice", "host ref"), ("Alice", "ref"), ("bob", "ref"), ("carol", "domain"), ("", "host other ref"),
    ])
    func `where a user is named nobody else's logins are there`(user: String, found: String) {
        let host = "https://git.example.com/"
        let index = LoginIndex([
            .sample("host", url: host, username: "alice"), .sample("other", url: host, username: "dave"),
            .sample("ref", url: host, username: user == "carol" ? "eve" : "{REF:U@T:me}"),
            .sample("domain", url: "https://example.com/", username: "carol"),
        ])
        #expect(
            index.found(host, username: user).split(separator: " ").sorted().joined(separator: " ") == found
        )
    }

    @Test(arguments: [
        ("https://git.corp.example.com/", "https://none.corp.example.com/"),
        ("https://git.example.com:8443/x?y", "https://none.example.com:8443/"), ("https://example.com/", nil),
        ("https://example.co.uk/", nil), ("https://192.0.2.1/", nil), ("https://[::1]:80/", nil),
        ("http://localhost/", nil), ("androidapp://com.example.app/", nil),
    ])
    func `a host beside another is one that the domain's logins are for, too`(page: String, beside: String?)
        throws
    {
        let address = try #require(PageAddress(page))
        #expect(address.beside(label: "none") == beside)
        let index = LoginIndex([.sample("domain", url: "https://corp.example.com/")])
        if let beside { #expect(index.found(beside) == index.found(page)) }
    }

    @Test func `several vaults are searched as one`() {
        let first = LoginIndex([.sample("far", url: "https://example.com/far/away")])
        let second = LoginIndex([.sample("near", url: "https://example.com/")])
        let exact = LoginIndex([.sample("exact", url: "https://www.example.com/")])
        func found(_ indexes: [LoginIndex]) -> [String] {
            LoginIndex.matches(MatchQuery(url: "https://www.example.com/", now: 0), in: indexes)
                .map { "\($0.vault) \($0.login.sampleName)" }
        }
        #expect(found([first, second]) == ["1 near", "0 far"])
        #expect(found([first, exact, second]) == ["1 exact"])
    }

    @Test func `whatever matches belongs to the page's owner`() throws {
        var generator = SeededGenerator(seed: 7)
        let labels = ["a", "b", "www", "evil-login", "login", "example", "github"]
        let suffixes = ["com", "co", "co.uk", "github.io", "io", "de"]
        func host() -> String {
            let count = Int.random(in: 1...3, using: &generator)
            let parts = (0..<count).compactMap { _ in labels.randomElement(using: &generator) }
            return (parts + [suffixes.randomElement(using: &generator) ?? "com"]).joined(separator: ".")
        }
        let entries = (0..<300).map { _ in host() }
        let index = LoginIndex(entries.enumerated().map { .sample("\($0)", url: "https://\($1)/") })
        for _ in 0..<500 {
            let page = host()
            for login in index.matches(url: "https://\(page)/", now: 0) {
                let entry = try #require(PageAddress(login.url)?.host.text)
                #expect(page == entry || page.hasSuffix(".\(entry)"))
                #expect(page == entry || !suffixes.contains(entry))
            }
        }
    }
}
