// SPDX-License-Identifier: Apache-2.0

import Secrecy
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
            "PIN": "1234", "Both": "{USERNAME}:{S:PIN}", "Loop": "a{S:Loop}b", "Ping": "{S:Pong}",
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
            ],
            fields: fields.mapValues { SecretBytes(utf8: $0) }
        )
    }

    func resolved(_ text: String, of entry: PlaceholderEntry = mine) -> String? {
        let entries = [Self.mine, Self.other, Self.shadow]
        let resolver = PlaceholderResolver(now: 59) { reference in entries.first(where: reference.means) }
        return resolver.resolved(SecretBytes(utf8: text), of: entry).exposedText()
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
        ("", ""),
    ])
    func `a placeholder gives way to what it stands for`(text: String, result: String) {
        #expect(resolved(text) == result)
    }

    @Test(arguments: [
        "{}", "{", "}", "}{", "{S:}", "{S:None}", "{NOTES}", "{URL:HOST}", "{REF:}", "{REF:P@I}",
        "{REF:P@I:}",
        "{REF:P@I:00}", "{REF:X@I:00}", "{REF:O@T:Bank}", "{REF:P@X:y}", "{REF:PP@I:x}", "plain",
        "{ USERNAME }",
        "{CMD:/id/M=C,W=0/}", "{CMD:/bin/sh -c id/}", "cmd://id", "{T-CONV:/x/Upper/}", "%HOME%", "{ENV_DIR}",
        "{APPDIR}", "{CLIPBOARD}", "{FILE:/etc/passwd}", "{DB_PATH}", "{PICKCHARS}", "{NEWPASSWORD}",
        "{REF:P@I:/etc/passwd}", "{USERNAME", "USERNAME}",
    ])
    func `everything else stays as it is`(text: String) {
        #expect(resolved(text) == text)
    }

    @Test(arguments: [
        ("{S:Loop}", "a{S:Loop}b"), ("{S:Ping}", "<{S:Ping}>"),
    ])
    func `one that leads back to itself ends`(text: String, result: String) {
        #expect(resolved(text) == result)
    }

    @Test func `a reference to itself ends, too`() {
        let password = Self.shadow[.password].exposedText() ?? ""
        #expect(resolved(password, of: Self.shadow) == password)
    }

    @Test func `a text that would grow beyond all measure is cut off`() throws {
        let text = try #require(resolved("{S:Bomb0}"))
        #expect(text.utf8.count < 70_000)
    }

    @Test func `an entry's placeholders speak of the entry that holds them`() {
        #expect(resolved("{S:Mine}", of: Self.other) == "Other title")
        #expect(resolved("{S:Back}", of: Self.other) == "pass}{word")
    }

    @Test func `more than a bearable length between braces is text`() {
        let text = "{S:\(String(repeating: "x", count: 600))}{S:PIN}"
        #expect(resolved(text)?.hasSuffix("}1234") == true)
    }
}
