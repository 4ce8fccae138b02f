// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import TestSupport
import Testing
import VaultTestSupport

@testable import Vault

/// Further URLs as KeePassXC has them, references in URLs, and what its owner said about pages.
@Suite struct FurtherURLTests {
    private func matches(_ further: String, _ page: String) -> Bool {
        let login = Login(id: .named("a"), title: "a", url: "https://x.example/", furtherURLs: [further])
        return !LoginIndex([login]).matches(url: page, now: 0).isEmpty
    }

    @Test(
        arguments: [
            ("https://*.wild.example/", "https://a.wild.example/", true),
            ("https://*.wild.example/", "https://a.b.wild.example/login", true),
            ("https://*.wild.example/", "https://wild.example/", true),
            ("*.wild.example", "https://a.wild.example/", true),
            ("https://*.wild.example/", "https://evilwild.example/", false),
            ("https://*.wild.example/", "https://wild.example.evil.example/", false),
            ("https://*.wild.example:8443/", "https://a.wild.example:8443/", true),
            ("https://*.wild.example:8443/", "https://a.wild.example/", false),
            ("https://a.*.wild.example/", "https://a.b.wild.example/", true),
            ("https://a.*.wild.example/", "https://c.b.wild.example/", false),
            ("https://*.com/", "https://a.com/", false), ("https://*/", "https://a.com/", false),
            ("https://*.co.uk/", "https://a.co.uk/", false),
            ("https://w*.example/", "https://wild.example/", false),
            ("https://evil.*/", "https://evil.example/", false),
            ("https://p.example/*/login", "https://p.example/team/login?x=1", true),
            ("https://p.example/*/login", "https://p.example/team/logout", false),
            ("https://p.example/app/*", "https://p.example/app/x", true),
            ("https://p.example/app/*", "https://p.example/other", false),
            ("\"https://q.example/login?a=1\"", "https://q.example/login?a=1", true),
            // A query can be a secret, and a count is told without a question.
            ("\"https://q.example/login?a=1\"", "https://q.example/login?a=2", true),
            ("\"https://q.example/login?a=1\"", "https://q.example/login", true),
            ("\"https://q.example/login#a\"", "https://q.example/login#b", true),
            ("\"https://q.example?a=1\"", "https://q.example/", true),
            ("\"https://me:s3cret@q.example/login\"", "https://me:other@q.example/login", true),
            ("\"https://q.example/login?a=1\"", "https://q.example/other?a=1", false),
            ("\"https://q.example/login?a=1\"", "http://q.example/login?a=1", false),
            ("\"https://q.example/login\"", "https://q.example:8443/login", false),
            ("\"https://q.example\"", "https://q.example/", true),
            ("\"https://q.example/\"", "https://sub.q.example/", false),
            ("https://plain.example/", "https://sub.plain.example/", true),
        ] as [(String, String, Bool)]
    )
    func `wildcards and quotes mean what KeePassXC means, by whole labels`(
        further: String,
        page: String,
        isMatch: Bool
    ) {
        #expect(matches(further, page) == isMatch)
    }

    @Test func `an entry's own URL has no wildcards`() {
        let login = Login(id: .named("a"), title: "a", url: "https://*.wild.example/")
        #expect(LoginIndex([login]).matches(url: "https://a.wild.example/", now: 0).isEmpty)
    }

    @Test
    func `a pattern for many hosts is nothing that a client may write, one for paths is shown by its host`()
        throws
    {
        let stored = Login(id: .named("a"), title: "a", url: "https://a.example/")
        var draft = LoginDraft(id: stored.id)
        draft.fields = ["KP2A_URL_1": SecretBytes(utf8: "https://*.wild.example/")]
        #expect(throws: VaultError.refused(LoginDraft.addressRefusal)) {
            try SavePreview(draft, stored: stored)
        }
        draft.fields = ["KP2A_URL_1": SecretBytes(utf8: "https://wild.example/*/login")]
        #expect(try SavePreview(draft, stored: stored).newHosts == ["wild.example"])
    }

    // MARK: What looking costs

    /// What a pattern means, tried out in every way.
    private func fits(_ pattern: ArraySlice<String>, _ labels: ArraySlice<String>) -> Bool {
        guard let first = pattern.first else { return labels.isEmpty }
        if first == "*" {
            return (0...labels.count).contains { fits(pattern.dropFirst(), labels.dropFirst($0)) }
        }
        return labels.first == first && fits(pattern.dropFirst(), labels.dropFirst())
    }

    @Test func `a pattern of few labels fits what trying out every way finds`() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let pattern =
                (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                    ["*", "a", "b"].randomElement(using: &generator) ?? ""
                } + ["*"]
            let labels = (0..<Int.random(in: 0...7, using: &generator)).map { _ in
                ["a", "b"].randomElement(using: &generator) ?? ""
            }
            let url = "https://\(pattern.joined(separator: ".")).wild.example/"
            let page = "https://\((labels + ["wild.example"]).joined(separator: "."))/"
            #expect(matches(url, page) == fits(pattern[...], labels[...]), "\(url) \(page)")
        }
    }

    @Test(arguments: [
        "*.*.*.*.*.*.*.zz.*", "*.a.*.a.*.a.*.a.*.a.*.a.*.zz.*", "a.*.a.*.a.*.a.*.a.*.a.*.zz.*.b.*",
    ])
    func `many wildcards cost no more than few, whatever page is asked for`(labels: String) {
        let page = "https://" + String(repeating: "a.", count: 118) + "wild.example/"
        let time = ContinuousClock().measure {
            #expect(!matches("https://\(labels).wild.example/", page))
        }
        #expect(time < .seconds(2))
    }

    @Test(
        arguments: [
            { "\"https://q.example/\($0)\"" }, { "https://*.q.example/x*\($0)" },
            { "https://*.q.example/*aaaaaaaaaaaaaaaaaaaab\($0)*c" },
        ] as [@Sendable (Int) -> String]
    )
    func `thousands of further URLs cost no look at the page each`(url: @Sendable (Int) -> String) {
        let urls = (0..<4000).map(url)
        let login = Login(id: .named("a"), title: "a", url: "https://x.example/", furtherURLs: urls)
        let index = LoginIndex([login])
        let page = "https://q.example/" + String(repeating: "a", count: 2000)
        let query = MatchQuery(url: page, now: 0)
        #expect(LoginIndex.comparisons(for: query, in: [index]) == 4000)
        let time = ContinuousClock().measure { #expect(index.matches(query).isEmpty) }
        #expect(time < .seconds(3))
    }

    @Test func `what no URL can hold isn't put into one, however often it is named`() {
        let big = String(repeating: "a", count: 3 << 20)
        var login = Login(
            id: .named("a"),
            title: "a",
            url: "https://{S:host}.example/",
            furtherURLs: (0..<1000).map { _ in "{S:big}" } + ["https://{S:host}.example/"]
        )
        login.urlFields = ["big": big, "host": "found"]
        let time = ContinuousClock().measure {
            #expect(LoginIndex([login]).matches(url: "https://found.example/", now: 0).count == 1)
        }
        #expect(time < .seconds(2))
    }

    // MARK: References

    private static let target = Login(
        id: .named("target"),
        title: "Target",
        username: "target.example",
        url: "https://target.example/"
    )

    @Test(
        arguments: [
            ("{REF:A@I:\(LoginID.named("target").hex)}", [:], true),
            ("https://{REF:U@T:Target}/", [:], true), ("https://{S:host}/", ["host": "target.example"], true),
            ("https://{s:host}/", ["host": "{REF:U@T:Target}"], true), ("https://{USERNAME}/", [:], true),
            ("https://{S:other}/", ["host": "target.example"], false),
            // A client could guess what is secret by what matches.
            ("https://{PASSWORD}/", [:], false), ("https://{NOTES}/", [:], false),
            ("https://{TOTP}/", [:], false),
            ("https://{REF:P@T:Target}/", [:], false), ("{REF:A@P:secret}", [:], false),
            ("{REF:A@O:field}", [:], false), ("{URL}", [:], false), ("https://{URL:HOST}/", [:], false),
            ("https://{HMACOTP}/", [:], false), ("https://{DT_YEAR}/", [:], false),
        ] as [(String, [String: String], Bool)]
    )
    func `what is public is resolved before matching, and nothing else`(
        url: String,
        fields: [String: String],
        isMatch: Bool
    ) {
        let username = url.contains("{USERNAME}") ? "target.example" : "me"
        let login = Login(id: .named("a"), title: "mine", username: username, url: url, urlFields: fields)
        for login in [
            login,
            Login(id: login.id, title: "mine", username: username, furtherURLs: [url], urlFields: fields),
        ] {
            let found = LoginIndex([login, Self.target]).matches(url: "https://target.example/", now: 0)
            #expect(found.contains { $0.id == login.id } == isMatch, "\(url)")
        }
    }

    @Test(arguments: [
        ("http://{URL:HOST}:8080/", "http://target.example:8080/", true),
        ("{URL:SCM}://sub.{URL:HOST}/", "https://sub.target.example/", true),
        // What may be a secret in a URL has no influence on what matches.
        ("https://{URL:PASSWORD}.example/", "https://s3cret.example/", false),
        ("https://{URL:USERNAME}.example/", "https://me.example/", false),
        ("https://x{URL:QUERY}.example/", "https://x.example/", false),
    ])
    func `a further URL may be made of the public parts of the URL`(
        further: String,
        page: String,
        isMatch: Bool
    ) {
        let login = Login(
            id: .named("a"),
            title: "a",
            url: "https://me:s3cret@target.example/?q",
            furtherURLs: [further]
        )
        #expect(LoginIndex([login]).matches(url: page, now: 0).isEmpty != isMatch)
    }

    @Test func `URLs that grow or turn in circles come to nothing, and cost next to nothing`() {
        let bomb = String(repeating: "{TITLE}", count: 90)
        let logins = (0..<200).map { number in
            Login(
                id: .named("\(number)"),
                title: "{REF:T@I:\(LoginID.named("\((number + 1) % 200)").hex)}\(bomb)",
                url: "https://\(bomb)/"
            )
        }
        let index = LoginIndex(logins)
        #expect(index.count == 200)
        #expect(index.all.allSatisfy { $0.matchedURL.utf8.count <= FurtherURL.longest })
    }

    // MARK: Pages

    @Test(arguments: [
        (PageUse(isHidden: true), [false, false]), (PageUse(isForRealmsOnly: true), [false, true]),
        (PageUse(isForFormsOnly: true), [true, false]), (PageUse(), [true, true]),
    ])
    func `pages get what its owner lets them have`(pages: PageUse, expected: [Bool]) {
        let index = LoginIndex([Login(id: .named("a"), title: "a", url: "https://a.example/", pages: pages)])
        for (realm, isMatch) in zip([nil, "Intranet"], expected) {
            let query = MatchQuery(url: "https://a.example/", realm: realm, now: 0)
            #expect(index.matches(query).isEmpty == !isMatch)
        }
        #expect(index.login(.named("a")) != nil && index.all.count == 1)
    }
}
