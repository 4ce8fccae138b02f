// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SecureMemory
import Testing

@testable import Vault

@Suite struct PlaceholderTests {
    static let mine = entry(
        "mine",
        "Bank",
        "bob",
        "pass}{word",
        "https://bank.example",
        [
            "PIN": "1234", "KPH: code": "{TOTP}", "Both": "{USERNAME}:{S:PIN}", "Loop": "a{S:Loop}b",
            "Ping": "{S:Pong}",
            "Pong": "<{S:Ping}>",
            "Other": "{REF:P@I:\(LoginID.named("other").hex)}", "TimeOtp-Secret": "12345678901234567890",
            "Bomb0": "{S:Bomb1}{S:Bomb1}", "Bomb1": "{S:Bomb2}{S:Bomb2}", "Bomb2": "{S:Bomb3}{S:Bomb3}",
            "Bomb3": "{S:Bomb4}{S:Bomb4}", "Bomb4": "{S:Bomb5}{S:Bomb5}", "Bomb5": "{S:Bomb6}{S:Bomb6}",
            "Bomb6": String(repeating: "x", count: 3000),
        ]
    )
    static let other = entry(
        "other",
        "Other title",
        "carol",
        "s3cret",
        "",
        [
            "Back": "{REF:P@T:bank}", "Mine": "{TITLE}", "Tag": "needle",
        ]
    )
    static let shadow = entry(
        "shadow",
        "Shadow",
        "{TITLE}",
        "{REF:P@I:\(LoginID.named("shadow").hex)}",
        "",
        [:]
    )
    static let titled = entry("titled", "Long", "", "", long[.url].exposedText() ?? "", [:])
    static let long = entry(
        "long",
        "{URL:HOST}",
        "{URL:USERNAME}",
        "{URL:PASSWORD}",
        "https://user:pw@keepass.info:80/path/example.php?q=e&s=t#f",
        ["Own": "{URL}"]
    )

    static func entry(
        _ name: String,
        _ title: String,
        _ username: String,
        _ password: String,
        _ url: String,
        _ fields: [String: String]
    ) -> PlaceholderEntry {
        PlaceholderEntry(
            id: .named(name),
            parts: [
                .title: SecretBytes(utf8: title), .username: SecretBytes(utf8: username),
                .password: SecretBytes(utf8: password), .url: SecretBytes(utf8: url),
                .notes: SecretBytes(utf8: "a note of {USERNAME}"),
            ],
            fields: fields.mapValues { SecretBytes(utf8: $0) }
        )
    }

    func resolved(
        _ text: String,
        of entry: PlaceholderEntry = mine,
        _ scope: PlaceholderScope = PlaceholderScope(passwords: true, fields: .all),
        in place: PlaceholderScope.Place = .password,
        within budget: ExpansionBudget = ExpansionBudget()
    ) async throws -> String? {
        let entries = [Self.mine, Self.other, Self.shadow, Self.titled]
        let resolver = PlaceholderResolver(scope: scope, now: 59) { reference async throws(VaultError) in
            entries.first { (entry: PlaceholderEntry) in reference.means(entry) }
        }
        var budget = budget
        return try await resolver.resolved(SecretBytes(utf8: text), of: entry, in: place, within: &budget)
            .exposedText()
    }

    @Test(arguments: [
        ("{USERNAME}", "bob"), ("{username}", "bob"), ("{PASSWORD}", "pass}{word"), ("{TITLE}!", "Bank!"),
        ("<{URL}>", "<https://bank.example>"), ("{S:PIN}", "1234"), ("{S:Both}", "bob:1234"),
        ("{TOTP}", "287082"),
        ("{TIMEOTP}", "287082"), ("{{USERNAME}}", "{bob}"), ("{a{TITLE}b}", "{aBankb}"),
        ("é{S:PIN}ü", "é1234ü"),
        ("{REF:P@T:other TITLE}", "s3cret"), ("{REF:U@I:\(LoginID.named("other").hex)}", "carol"),
        ("{REF:I@U:carol}", LoginID.named("other").hex), ("{REF:T@O:needle}", "Other title"),
        ("{REF:T@P:s3cret}", "Other title"), ("{S:Other}", "s3cret"), ("{REF:U@T:Shadow}", "Shadow"),
        ("{UUID}", LoginID.named("mine").hex), ("{url:host}", "bank.example"),
        ("{DT_UTC_SIMPLE}", "19700101000059"),
        ("", ""),
    ])
    func `a placeholder gives way to what it stands for`(text: String, result: String) async throws {
        #expect(try await resolved(text) == result)
    }

    @Test(arguments: [
        "{}", "{", "}", "}{", "{S:}", "{S:None}", "{URL:}", "{URL:FILE}", "{URL:HOST:}", "{DT_}", "{DT_UTC_}",
        "{DT_WEEK}", "{DT_UTC_UTC_YEAR}", "{UUID:}", "{REF:}", "{REF:P@I}",
        "{REF:P@I:}",
        "{REF:P@I:00}", "{REF:X@I:00}", "{REF:O@T:Bank}", "{REF:P@X:y}", "{REF:PP@I:x}", "plain",
        "{ USERNAME }",
        "{CMD:/id/M=C,W=0/}", "{CMD:/bin/sh -c id/}", "cmd://id", "{T-CONV:/x/Upper/}", "%HOME%", "{ENV_DIR}",
        "{APPDIR}", "{CLIPBOARD}", "{FILE:/etc/passwd}", "{DB_PATH}", "{PICKCHARS}", "{NEWPASSWORD}",
        "{REF:P@I:/etc/passwd}", "{USERNAME", "USERNAME}",
    ])
    func `everything else stays as it is`(text: String) async throws {
        #expect(try await resolved(text) == text)
    }

    @Test(arguments: [
        ("RMVSCM", "user:pw@keepass.info:80/path/example.php?q=e&s=t#f"), ("SCM", "https"),
        ("HOST", "keepass.info"), ("PORT", "80"), ("PATH", "/path/example.php"), ("QUERY", "?q=e&s=t"),
        ("USERINFO", "user:pw"), ("USERNAME", "user"), ("PASSWORD", "pw"),
    ])
    func `the parts of a URL are those of KeePass`(part: String, text: String) async throws {
        #expect(try await resolved("{URL:\(part)}", of: Self.long) == text)
    }

    @Test(arguments: [
        ("https://a.example", "a.example|443|/|"), ("http://[::1]:8080/x?y", "[::1]|8080|/x|?y"),
        ("a.example/b?c#d", "a.example||/b|?c"), ("ssh://nas", "nas|22|/|"), ("odd://h?", "h||/|"),
        // A slash in a password isn't where its path begins.
        ("https://user:pa/ss@h.example/p", "h.example|443|/p|"), ("just words", "just words|||"), ("", "|||"),
        ("https://{USERNAME}.example:{S:PIN}/", "bob.example|1234|/|"),
    ])
    func `a URL without some of the parts has the others, its placeholders resolved`(
        url: String,
        parts: String
    ) async throws {
        let entry = Self.entry("url", "", "bob", "", url, ["PIN": "1234"])
        let text = "{URL:HOST}|{URL:PORT}|{URL:PATH}|{URL:QUERY}"
        // The port is a string field that goes out, and a URL never carries more than a name does.
        #expect(try await resolved(text, of: entry, in: .field) == parts)
    }

    @Test func `a part of a URL that is in that URL ends, too`() async throws {
        let entry = Self.entry("url", "", "", "", "https://{URL:HOST}/{URL:PORT}", [:])
        #expect(try await resolved("{URL:HOST}", of: entry) == "{URL:HOST}")
    }

    @Test(arguments: [
        ("SIMPLE", "20260101013005"), ("YEAR", "2026"), ("MONTH", "01"), ("DAY", "01"), ("HOUR", "01"),
        ("MINUTE", "30"), ("SECOND", "05"), ("UTC_SIMPLE", "20251231233005"), ("UTC_YEAR", "2025"),
        ("UTC_MONTH", "12"), ("UTC_DAY", "31"), ("UTC_HOUR", "23"), ("UTC_MINUTE", "30"),
        ("UTC_SECOND", "05"),
    ])
    func `the time is the local one, or in UTC`(name: String, text: String) throws {
        let zone = try #require(TimeZone(secondsFromGMT: 7200))
        #expect(DatePart(name)?.text(at: 1_767_223_805, in: zone) == text)
    }

    @Test(arguments: [
        ("{S:Loop}", "a{S:Loop}b"), ("{S:Ping}", "<{S:Ping}>"),
    ])
    func `one that leads back to itself ends`(text: String, result: String) async throws {
        #expect(try await resolved(text) == result)
    }

    @Test func `a reference to itself ends, too`() async throws {
        let password = Self.shadow[.password].exposedText() ?? ""
        #expect(try await resolved(password, of: Self.shadow) == password)
    }

    @Test func `a text that would grow beyond all measure is cut off`() async throws {
        let text = try #require(await resolved("{S:Bomb0}"))
        #expect(text.utf8.count < 70_000)
    }

    @Test func `an entry's placeholders speak of the entry that holds them`() async throws {
        #expect(try await resolved("{S:Mine}", of: Self.other) == "Other title")
        #expect(try await resolved("{S:Back}", of: Self.other) == "pass}{word")
    }

    @Test func `more than a bearable length between braces is text`() async throws {
        let text = "{S:\(String(repeating: "x", count: 600))}{S:PIN}"
        #expect(try await resolved(text)?.hasSuffix("}1234") == true)
    }

    // MARK: What may be put in

    private static let namesAlone = PlaceholderScope(passwords: false, fields: .none)
    private static let noFields = PlaceholderScope(passwords: true, fields: .none)
    private static let all = PlaceholderScope(passwords: true, fields: .all)
    private static let some = PlaceholderScope(passwords: true, fields: .named(prefix: "KPH: "))

    @Test(
        arguments: [
            ("{S:PIN}", noFields, .password), ("{S:PIN}", some, .field),
            ("{TOTP}", noFields, .name), ("{TIMEOTP}", some, .name), ("{TOTP}", namesAlone, .name),
            ("{PASSWORD}", namesAlone, .name), ("{PASSWORD}", namesAlone, .field),
            ("{PASSWORD}", some, .name),
            ("{REF:P@T:Other title}", noFields, .name), ("{REF:P@T:Other title}", namesAlone, .field),
            ("{REF:N@T:Other title}", some, .password), ("{NOTES}", some, .field),
            ("{NOTES}", all, .password), ("{NOTES}", all, .name),
        ] as [(String, PlaceholderScope, PlaceholderScope.Place)]
    )
    func `what the client isn't given isn't put in either`(
        text: String,
        scope: PlaceholderScope,
        place: PlaceholderScope.Place
    ) async throws {
        #expect(try await resolved(text, scope, in: place) == text)
    }

    @Test(
        arguments: [
            ("{USERNAME}{URL}", namesAlone, .name, "bobhttps://bank.example"),
            ("{TOTP}", some, .field, "287082"), ("{TOTP}", noFields, .password, "287082"),
            ("<{TIMEOTP}>", some, .password, "<287082>"),
            ("{S:KPH: code}", some, .password, "287082"),
            ("{REF:P@T:Other title}", noFields, .password, "s3cret"),
            ("{REF:U@T:Other title}", noFields, .name, "carol"), ("{PASSWORD}", some, .field, "pass}{word"),
        ] as [(String, PlaceholderScope, PlaceholderScope.Place, String)]
    )
    func `what it is given is put in`(
        text: String,
        scope: PlaceholderScope,
        place: PlaceholderScope.Place,
        result: String
    ) async throws {
        #expect(try await resolved(text, scope, in: place) == result)
    }

    @Test(
        arguments: [
            ("{URL}", noFields, .name, "https://keepass.info:80/path/example.php"),
            ("{REF:A@T:Long}", all, .name, "https://keepass.info:80/path/example.php"),
            (
                "{S:Own}", PlaceholderScope(passwords: false, fields: .named(prefix: "")), .field,
                "https://keepass.info:80/path/example.php"
            ),
            ("{URL}", noFields, .password, "https://user:pw@keepass.info:80/path/example.php?q=e&s=t#f"),
            ("{URL:HOST}:{URL:PORT}{URL:PATH}", namesAlone, .name, "keepass.info:80/path/example.php"),
            ("{URL:USERNAME}", namesAlone, .name, "user"),
            ("{URL:PASSWORD}{URL:QUERY}", namesAlone, .name, "{URL:PASSWORD}{URL:QUERY}"),
            ("{URL:USERINFO}{URL:RMVSCM}", some, .name, "{URL:USERINFO}{URL:RMVSCM}"),
            (
                "{URL:PASSWORD}", PlaceholderScope(passwords: false, fields: .named(prefix: "")), .field,
                "{URL:PASSWORD}"
            ),
            ("{URL:PASSWORD}", some, .password, "pw"), ("{NOTES}", all, .field, "a note of user"),
        ] as [(String, PlaceholderScope, PlaceholderScope.Place, String)]
    )
    func `what a URL or notes hold of secrets goes where these go`(
        text: String,
        scope: PlaceholderScope,
        place: PlaceholderScope.Place,
        result: String
    ) async throws {
        #expect(try await resolved(text, of: Self.long, scope, in: place) == result)
    }

    @Test(arguments: ["{t\u{131}tle}", "{\u{17F}:PIN}", "{REF:P@\u{131}:x}", "{TOTP\u{200B}}"])
    func `only ASCII makes a name`(text: String) async throws {
        #expect(try await resolved(text) == text)
    }

    @Test func `what leads nowhere counts, too, for one text and for all of an answer`() async throws {
        let failing = String(repeating: "{REF:P@T:nobody}", count: 100)
        #expect(try await resolved(failing + "{S:PIN}")?.hasSuffix("{S:PIN}") == true)
        let few = ExpansionBudget(placeholders: 2, bytes: 100)
        #expect(try await resolved("{S:None}{S:PIN}{S:PIN}", within: few) == "{S:None}1234{S:PIN}")
        let small = ExpansionBudget(placeholders: 100, bytes: 5)
        #expect(try await resolved("{S:PIN}{S:PIN}", within: small) == "1234{S:PIN}")
    }

    @Test func `what is too long to be put in isn't read through`() async throws {
        let long = Self.entry("long", "", String(repeating: "a", count: 20 << 20), "", "", [:])
        let text = String(repeating: "{USERNAME}", count: 100)
        let start = ContinuousClock.now
        for _ in 0..<10 { #expect(try await resolved(text, of: long) == text) }
        #expect(.now - start < .seconds(2))
    }

    @Test func `what doesn't fit in the end counts, too`() async throws {
        let half = String(repeating: "a", count: 40_000)
        let entry = Self.entry("half", "", "", "", "", ["half": half, "twice": "{S:half}{S:half}"])
        let resolver = PlaceholderResolver(
            scope: PlaceholderScope(passwords: true, fields: .all),
            now: 0
        ) { _ async throws(VaultError) in nil }
        var budget = ExpansionBudget(placeholders: 1000, bytes: 100_000)
        let text = SecretBytes(utf8: "{S:twice}")
        for left in [60_000, 20_000, 20_000] {
            _ = try await resolver.resolved(text, of: entry, in: .field, within: &budget)
            #expect(budget.bytes / 1000 * 1000 <= left)
        }
    }

    @Test func `what a program without placeholders keeps stands for itself, and can be referred to`()
        async throws
    {
        let kept = PlaceholderEntry(
            id: .named("kept"),
            parts: [
                .title: SecretBytes(utf8: "Kept"), .username: SecretBytes(utf8: "{REF:P@T:Bank}"),
                .password: SecretBytes(utf8: "{USERNAME}"),
            ],
            isLiteral: true
        )
        let bank = Self.mine
        let resolver = PlaceholderResolver(
            scope: PlaceholderScope(passwords: true, fields: .all),
            now: 0
        ) { reference async throws(VaultError) in
            [kept, bank].first { (entry: PlaceholderEntry) in reference.means(entry) }
        }
        func resolved(_ text: String, of entry: PlaceholderEntry) async throws -> String? {
            var budget = ExpansionBudget()
            return try await resolver.resolved(
                SecretBytes(utf8: text),
                of: entry,
                in: .password,
                within: &budget
            )
            .exposedText()
        }
        #expect(try await resolved("{REF:P@T:Bank}", of: kept) == "{REF:P@T:Bank}")
        #expect(try await resolved("{REF:P@T:Kept}", of: bank) == "{USERNAME}")
        #expect(try await resolved("{REF:U@T:Kept}", of: bank) == "{REF:P@T:Bank}")

        // Nor does it match where such a text would lead.
        var login = Login.sample("one", title: "t", url: "https://{TITLE}.example/", username: "u")
        #expect(LoginIndex([login]).login(login.id)?.matchedURL == "https://t.example/")
        login.origin = .git
        #expect(LoginIndex([login]).login(login.id)?.matchedURL == "https://{TITLE}.example/")
        login.origin = .keepassxc
        #expect(LoginIndex([login]).login(login.id)?.matchedURL == "https://t.example/")
    }

    @Test func `one budget holds for many texts`() async throws {
        let resolver = PlaceholderResolver(scope: Self.noFields, now: 0) { _ async throws(VaultError) in nil }
        var budget = ExpansionBudget(placeholders: 250, bytes: 1 << 20)
        let text = SecretBytes(utf8: String(repeating: "{TITLE}", count: 1000))
        var sizes: [Int] = []
        for _ in 0..<4 {
            sizes.append(
                try await resolver.resolved(text, of: Self.mine, in: .name, within: &budget).count
            )
        }
        #expect(sizes == [6700, 6700, 6850, 7000])
    }
}
