// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import SecureMemory
import Testing
import Vault

@testable import Operations

/// What is checked and shown is what is stored: texts that a store would change are refused before anybody is asked.
@Suite(.timeLimit(.minutes(1))) struct SaveTextTests {
    private static func saved(
        _ fields: KeyValuePairs<String, String>,
        _ stringFields: [(key: String, value: String?)] = []
    ) async throws -> String? {
        let fixture = await OperationsFixture(rules: { $0.saving = .never })
        let body = try fixture.client.request(.setLogin, fields, stringFields: stringFields)
        let exchange = try await fixture.verified(fixture.client, body, .allow)
        #expect(await fixture.asked().isEmpty)
        #expect(await fixture.vault.saves.isEmpty != exchange.reply.success)
        #expect(exchange.status == 200)
        return exchange.reply.error
    }

    @Test(arguments: ["\u{1}", "\u{1F}", "\u{7F}", "\u{80}", "\u{FFFE}", "\u{FFFF}", "\u{1FFFE}"])
    func `what XML can't have is refused in every field, by a sentence`(scalar: String) async throws {
        let url = "https://a.example/"
        for name in ["Login", "Name", "Password", "SubmitUrl", "Realm"] {
            let error = try await Self.saved(["Url": url, name: "https://x.example\(scalar)/"])
            #expect(error == LoginDraft.unstorableRefusal, "\(name)")
        }
        #expect(try await Self.saved(["Url": "https://a.example\(scalar)/"]) == LoginDraft.unstorableRefusal)
        let fields: [(key: String, value: String?)] = [
            ("KeePassHttp Settings\(scalar)", "{}"), ("KeePassHttp Settings\(scalar)", nil),
            ("x", "a\(scalar)"),
            ("URL 1\(scalar)", url), ("KP2A_URL_9", "{RE\(scalar)F:P@I:00}"),
        ]
        for field in fields {
            #expect(try await Self.saved(["Url": url], [field]) == LoginDraft.unstorableRefusal)
        }
    }

    @Test func `a NUL in a password or a field's value is refused by the same sentence`() async throws {
        let url = "https://a.example/"
        #expect(try await Self.saved(["Url": url, "Password": "a\u{0}b"]) == LoginDraft.unstorableRefusal)
        #expect(try await Self.saved(["Url": url], [("x", "\u{0}")]) == LoginDraft.unstorableRefusal)
    }

    @Test func `line breaks, tabs and every script are saved`() async throws {
        #expect(
            try await Self.saved(
                ["Url": "https://a.example/", "Password": "pä\tß\u{200B}漢", "Name": "Ünï 👩‍👩‍👧"],
                [("Notes", "one\r\ntwo\tthree"), ("é\u{301}", "\u{FFFD}")]
            ) == nil
        )
    }

    static let foreignFields = [
        "KeePassXC-Browser Settings", "keepassxc\u{301}-browser settings", "BrowserHideEntry",
        "Browser\u{200B}HideEntry", "KPRPC JSON", "AndroidApp 1", "KPEX_PASSKEY_RELYING_PARTY", "kp2a_url_2",
        "KP2A_U\u{301}RL", "KeePassNatMsg Settings", "keepassnatmsg\u{200B} SETTINGS", "keepasshttp settings",
        "KeePassHttp Settings 2", "KeePassHTTP\u{301}",
    ]

    @Test(arguments: foreignFields)
    func `what another program takes for its settings is refused`(name: String) async throws {
        let error = try await Self.saved(["Url": "https://a.example/"], [(name, #"{"Allow":["b.example"]}"#)])
        #expect(error?.contains("steers other password managers") == true)
    }

    static let foreignURLs = [
        "cmd://xterm -e id", "CMD://id", " cmd://id", "cmd:id", "javascript:alert(1)", "file:///etc/passwd",
        "kdbx://~/other.kdbx", "https://*.evil.example/", "\"https://quoted.example/\"", "*.evil.example",
        "https://a.example\" -x", "\ncmd://xterm", "\u{FEFF}cmd://x", "c\u{200B}md://x",
        "javascript:?1:0,alert(1)",
        "file:/tmp/evil.desktop", "data:/x", "ms-msdt:/id", "/tmp/evil.sh", "\\\\evil.example\\s\\x.exe",
        "%COMSPEC% /c calc", "$(id)",
    ]

    @Test(arguments: foreignURLs)
    func `a URL that starts something, or stands for many hosts, is refused`(url: String) async throws {
        #expect(try await Self.saved(["Url": url]) == LoginDraft.addressRefusal)
        let fields: [(key: String, value: String?)] = [("KP2A_URL_8", url)]
        #expect(try await Self.saved(["Url": "https://a.example/"], fields) == LoginDraft.addressRefusal)
    }

    static let plainURLs = [
        "https://a.example/?x=*", "http://[::1]:8080/", "localhost:8080/x", "a.example", "citi",
        "My bank (new)", "ssh://me@a.example",
        "androidapp://com.example.app", "https://a.example/\"quoted\"", "moz-extension://0a1b/options.html",
    ]

    @Test(arguments: plainURLs)
    func `the address of a page, a host or an app is saved`(url: String) async throws {
        #expect(try await Self.saved(["Url": url]) == nil)
    }

    @Test func `hosts that would drown one another are refused before anybody is asked`() async throws {
        let urls = (0..<91).map { (key: "KP2A_URL_\($0)", value: Optional("https://h\($0).example/")) }
        #expect(try await Self.saved(["Url": "https://a.example/"], urls) == LoginDraft.hostsRefusal)
        #expect(
            try await Self.saved(["Url": "https://a.example/"], Array(urls.prefix(8)))
                == LoginDraft.hostsRefusal
        )
    }
}
