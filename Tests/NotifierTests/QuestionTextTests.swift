// SPDX-License-Identifier: Apache-2.0

import Callers
import DisplayText
import Testing

@testable import Approval
@testable import Notifier

/// The longest questions, on every server of which it is known how much it draws.
@Suite struct QuestionTextTests {
    private static let path =
        "/tmp/demo-session/home/.local/share/applications-by-hand/browser-1.2.3/chromium"
    private static let host = "mail.example.com.login.secure.account.verify.evil.net"

    private static let browser: Caller = caller(path, isReplaceable: true)

    private static func caller(_ path: String, isReplaceable: Bool = false) -> Caller {
        let record = ProcessRecord(
            identity: ProcessIdentity(pid: 42, startTime: 1),
            executable: path,
            userWritable: isReplaceable
        )
        return Caller(
            uid: 1000,
            holders: [record.identity],
            processes: [record],
            origin: "chrome-extension://jgnfghanfbjmimbdmnjfofnbcgpkbegj"
        )
    }

    private static func entries(_ count: Int) -> [EntryLine] {
        (0..<count).map {
            EntryLine(
                uuid: "\($0)",
                title: "An entry with a long title \($0)",
                username: "somebody@mail.example.com"
            )
        }
    }

    /// A question, and the parts of it that are never cut.
    struct Long: Sendable, CustomTestStringConvertible {
        let name: String
        let request: ApprovalRequest
        /// In these words, or in those.
        let parts: [[String]]
        /// The warnings.
        let warnings: [[String]]

        var testDescription: String { name }
    }

    private static let plain = ["Plain http"]
    private static let replaceable = ["could have replaced"]
    private static let stranger = [
        "given to somebody else: /usr/bin/firefox", "key belongs to another: /usr/bin/firefox",
    ]

    private static let longest: [Long] = [
        {
            var request = ApprovalRequest(
                kind: .release,
                caller: caller("/usr/bin/opera"),
                questionDigest: [1],
                client: "firefox",
                vaults: ["Passwords"],
                host: "accounts.shop.example",
                submitHost: "collector.evil.example",
                isPlainHTTP: true,
                entries: entries(7)
            )
            request.givenTo = KeyOwner(program: "/usr/bin/firefox")
            return Long(
                name: "a release with another's key, to another site",
                request: request,
                parts: [
                    ["opera"], ["asks for your 7 logins at accounts.shop.example"],
                    ["7 logins with passwords", "passwords."],
                ],
                warnings: [
                    stranger, plain,
                    ["another site: collector.evil.example", "form goes to collector.evil.example"],
                ]
            )
        }(),
        {
            var request = ApprovalRequest(
                kind: .save,
                caller: browser,
                questionDigest: [1],
                client: "chromium",
                vaults: ["Passwords"],
                host: host,
                isPlainHTTP: true,
                entries: entries(1),
                fields: ["Name", "Password", "Url", "PIN"]
            )
            request.givenTo = KeyOwner(program: "/usr/bin/firefox")
            return Long(
                name: "a change by what lies in a far folder",
                request: request,
                parts: [
                    ["/browser-1.2.3/chromium", "…/chromium "], ["wants to change your login"],
                    ["verify.evil.net"],
                    ["Changes title, password", "Changes password"],
                ],
                warnings: [stranger, plain, replaceable]
            )
        }(),
        {
            let request = ApprovalRequest(
                kind: .save,
                caller: browser,
                questionDigest: [1],
                client: "chromium",
                host: "shop.example",
                newHosts: ["evil.example", "bad.example", "worse.example"],
                entries: entries(1),
                fields: ["Url"]
            )
            return Long(
                name: "a change that offers an entry elsewhere",
                request: request,
                parts: [["wants to change your login"], ["shop.example"], ["Changes address"]],
                warnings: [
                    [
                        "at other sites: evil.example",
                        "offered at evil.example, bad.example and worse.example",
                        "offered at 3 other sites: see keybell requests",
                    ], replaceable,
                ]
            )
        }(),
        {
            var request = ApprovalRequest(
                kind: .overwrite,
                caller: browser,
                questionDigest: [1],
                client: "firefox"
            )
            request.replaced = KeyOwner(program: path, created: 1_777_809_600, lastUsed: 1_795_521_600)
            return Long(
                name: "an overwrite",
                request: request,
                parts: [["/browser-1.2.3/chromium", "…/chromium "], ["take over the name “firefox”"]],
                warnings: [["loses its access"], ["elongs to "], replaceable]
            )
        }(),
        {
            var request = ApprovalRequest(
                kind: .associate,
                caller: browser,
                questionDigest: [1],
                suggestedID: "chromium"
            )
            request.exception = .unasked
            return Long(
                name: "an association",
                request: request,
                parts: [["/browser-1.2.3/chromium", "…/chromium "], ["ask Keybell for logins"]],
                warnings: [["config.toml"], replaceable]
            )
        }(),
        {
            var request = ApprovalRequest(
                kind: .unlock,
                caller: browser,
                questionDigest: [1],
                client: "chromium",
                verified: false,
                vaults: ["A vault with quite a long name"]
            )
            (request.requestType, request.wantedHost) = ("get-logins", host)
            return Long(
                name: "an unlock",
                request: request,
                parts: [["/browser-1.2.3/chromium", "…/chromium "], ["asks to unlock the vault “A vault"]],
                warnings: [["keyring is locked"], replaceable]
            )
        }(),
    ]

    private static let products = [
        "gnome-shell", "cinnamon", "Plasma", "Xfce Notify Daemon", "lxqt-notificationd",
        "Notification Daemon", "mako",
        "dunst",
    ]

    private func note(
        _ request: ApprovalRequest,
        on server: NotificationServer,
        attempt: Int = 0,
        others: Int = 2
    ) -> NotifyCall {
        let pending = PendingRequest(
            code: "7F2A",
            request: request,
            created: 0,
            deadline: 120,
            limits: ApprovalLimits()
        )
        return NotifyCall(
            asking: pending,
            on: server,
            attempt: attempt,
            reason: attempt > 0 ? RequestNotification.early : nil,
            others: others,
            keys: [:]
        )
    }

    @Test(arguments: products, longest)
    private func `what matters of the longest questions is drawn by every server`(product: String, long: Long)
    {
        let server = NotificationServer(peer: ":1.5", product: product, capabilities: ["actions", "body"])
        for attempt in 0...1 {
            let note = note(long.request, on: server, attempt: attempt)
            let text = note.title + "\n" + note.body
            #expect(server.room.draws(title: note.title), "\(text)")
            if let grid = server.room.body {
                let title = server.room.isShared ? grid.wrapping.lines(note.title).count : 0
                #expect(title + grid.wrapping.lines(note.body).count <= grid.lines, "\(text)")
                let longest = grid.wrapping.longestParagraph(note.body)
                #expect(longest <= server.room.paragraph ?? .max, "\(text)")
            }
            let words = text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
            for part in long.parts + [["7F2A"]] {
                #expect(part.contains { words.contains($0) }, "\(part) in \(text)")
            }
            // Only where five lines are all that there is are some warnings just counted.
            let isCounted = words.contains("keybell watch")
            #expect(!isCounted || product == "mako", "\(text)")
            for warning in long.warnings where !isCounted {
                #expect(warning.contains { words.contains($0) }, "\(warning) in \(text)")
            }
        }
    }

    @Test(arguments: products, longest)
    private func `no question is said in fewer words because others wait`(product: String, long: Long) {
        let server = NotificationServer(peer: ":1.5", product: product, capabilities: ["actions", "body"])
        var request = long.request
        for caller in [Self.browser, Self.caller("/usr/bin/chromium")] {
            request.caller = caller
            let alone = note(request, on: server, others: 0)
            let first = note(request, on: server, others: 1)
            #expect(first.title == alone.title)
            let added = first.body.replacing("1 more question waits.", with: "")
            #expect(alone.body.contains(BodyLines.more) || !added.contains(BodyLines.more), "\(first.body)")
        }
    }

    @Test func `an overwrite says since when the other has the name, where a line is left for that`() {
        var request = ApprovalRequest(
            kind: .overwrite,
            caller: Self.caller("/usr/bin/chromium"),
            questionDigest: [1],
            client: "firefox"
        )
        request.replaced = KeyOwner(
            program: "/usr/bin/firefox",
            origin: "moz-extension://4ff2fb68",
            created: 1_777_809_600,
            lastUsed: 1_795_521_600
        )
        let text = words(of: request, on: "gnome-shell").text
        for part in ["since 2026-05-03", "last used 2026-11-24"] { #expect(text.contains(part), "\(text)") }
    }

    @Test(arguments: products)
    func `a save that sets a password names that before anything else`(product: String) {
        let request = ApprovalRequest(
            kind: .save,
            caller: Self.browser,
            questionDigest: [1],
            client: "chromium",
            host: "shop.example",
            submitHost: "collector.evil.example",
            isPlainHTTP: true,
            entries: Self.entries(1),
            isNew: true,
            fields: ["Name", "Login", "Password", "Url", "Realm"]
        )
        let text = words(of: request, on: product).text
        let isFull = text.contains("Sets title, user name, password, address and realm.")
        #expect(isFull || text.contains("Sets password, title and 3 more."), "\(text)")
    }

    @Test(arguments: products)
    func `what is short is said in full everywhere`(product: String) {
        let server = NotificationServer(peer: ":1.5", product: product, capabilities: ["actions", "body"])
        let pending = PendingRequest.of(.release)
        let note = NotifyCall(asking: pending, on: server, attempt: 0, keys: [:])
        let words = note.body.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        #expect(words.contains("It gets user name and password."))
        #expect(!words.contains(BodyLines.more))
    }

    /// Whether it is drawn, and its words.
    private func words(of request: ApprovalRequest, on product: String) -> (isDrawn: Bool, text: String) {
        let server = NotificationServer(peer: ":1.5", product: product, capabilities: ["actions", "body"])
        let note = note(request, on: server)
        // Without what stands behind them for a server that hides the last ones.
        let lines = note.body.split(separator: "\n").map { String($0) }.filter { $0 != "\u{A0}" }
        let isDrawn = server.room.draws(title: note.title) && server.room.draws(lines, under: note.title)
        return (
            isDrawn,
            (note.title + "\n" + note.body).split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        )
    }

    @Test(arguments: products)
    func `new hosts elsewhere are all named or none, whatever the order`(product: String) {
        for hosts in [["bank.com", "www.evil.example"], ["www.evil.example", "bank.com"]] {
            let request = ApprovalRequest(
                kind: .save,
                caller: Self.browser,
                questionDigest: [1],
                client: "chromium",
                host: "shop.example",
                newHosts: hosts,
                entries: Self.entries(1),
                fields: ["Url"]
            )
            let (isDrawn, text) = words(of: request, on: product)
            #expect(isDrawn, "\(text)")
            #expect(text.contains("bank.com") && text.contains("evil.example"), "\(text)")
        }
        let many = ApprovalRequest(
            kind: .save,
            caller: Self.browser,
            questionDigest: [1],
            client: "chromium",
            host: "shop.example",
            newHosts: ["bank.com"] + (0..<40).map { "a-rather-long-name-\($0).example" },
            entries: Self.entries(1),
            fields: ["Url"]
        )
        let (isDrawn, text) = words(of: many, on: product)
        #expect(isDrawn, "\(text)")
        #expect(text.contains("bank.com") == text.contains("a-rather-long-name-39.example"), "\(text)")
        #expect(
            text.contains("bank.com") || text.contains("at 41 other sites: see keybell requests")
                || text.contains("keybell watch"),
            "\(text)"
        )
    }

    @Test(arguments: products, ["\u{FDFD}", "‱", "…", "日", "\u{1242B}"])
    func `letters that are drawn wide push nothing out of sight`(product: String, letter: String) {
        var request = ApprovalRequest(
            kind: .release,
            caller: Self.browser,
            questionDigest: [1],
            client: "chromium",
            bulk: true
        )
        (request.search, request.passwords) = (String(repeating: letter, count: 64), true)
        request.givenTo = KeyOwner(program: "/usr/bin/firefox")
        let (isDrawn, text) = words(of: request, on: product)
        #expect(isDrawn, "\(text)")
        #expect(text.contains("asswords."), "\(text)")
        let server = NotificationServer(peer: ":1.5", product: product, capabilities: ["actions", "body"])
        guard server.room.title != nil else { return }
        #expect(text.count { String($0) == letter } <= 24, "\(text)")
    }

    @Test func `where words aren't broken no word is wider than a line, and the last line isn't the text's`()
    {
        let server = NotificationServer(
            peer: ":1.5",
            product: "lxqt-notificationd",
            capabilities: ["actions", "body"]
        )
        for long in Self.longest {
            let note = note(long.request, on: server)
            for word in note.body.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
                #expect(word.count <= 28, "\(word)")
            }
            #expect(note.body.hasSuffix("\n\u{A0}"))
        }
    }
}
