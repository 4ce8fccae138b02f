// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Approval
@testable import Notifier

@Suite struct NoteTests {
    private func note(
        of request: PendingRequest = .of(.release),
        product: String = "gnome-shell",
        _ capabilities: Set<String>
    ) throws -> NotifyCall {
        var fixture = NotifierFixture(product)
        fixture.server = NotificationServer(peer: ":1.5", product: product, capabilities: capabilities)
        return try #require(fixture.show(request).first).note
    }

    @Test(arguments: ApprovalKind.allCases)
    func `allow is never the only action and none is called default`(kind: ApprovalKind) throws {
        let note = try note(of: .of(kind), ["actions"])
        #expect(note.buttons.map(\.label) == ["Deny", "Allow"])
        #expect(!note.buttons.map(\.key).contains("default"))
        #expect(Set(note.buttons.map(\.key)).count == 2)
    }

    @Test(arguments: [
        ("dunst", true), ("mako", true), ("something new", true), ("gnome-shell", false),
    ])
    func `where buttons can't be trusted to be drawn the text says how to answer`(
        product: String,
        says: Bool
    )
        throws
    {
        let note = try note(product: product, ["actions"])
        #expect(note.body.contains("keybell allow 7F2A") == says)
        let whole = note.title + "\n" + note.body
        #expect(whole.components(of: "7F2A") == 1, "the code stands once")
        #expect(note.title.contains("7F2A") != says)
    }

    @Test(arguments: [("dunst", false), ("mako", true), ("gnome-shell", true), ("Plasma", true)])
    func `five lines at most, the warnings before how to answer, the code once`(
        product: String,
        hasActions: Bool
    ) throws {
        let capabilities: Set = hasActions ? ["actions", "body"] : ["body"]
        let server = NotificationServer(peer: ":1.5", product: product, capabilities: capabilities)
        for kind in ApprovalKind.allCases {
            for attempt in 0...2 {
                let request = PendingRequest.alarming(kind)
                let note = NotifyCall(asking: request, on: server, attempt: attempt, others: 3, keys: [:])
                let lines = note.body.split(separator: "\n")
                #expect(lines.count <= 5, "\(note.body)")
                #expect((note.title + note.body).components(of: "7F2A") == 1)
                // Where there is no room for all warnings the others are counted.
                let warned = try #require(
                    lines.firstIndex {
                        $0.contains("Plain http") || $0.contains("keybell watch")
                    }
                )
                let isCounted = lines[warned].contains("keybell watch")
                let way = lines.firstIndex { $0.hasPrefix("Run keybell allow 7F2A") }
                // Behind warnings it would be out of sight where few lines are drawn.
                #expect((way == nil) == (server.drawsButtons || server.room.title == nil))
                #expect(
                    note.title.contains("keybell allow 7F2A")
                        == (way == nil && !server.drawsButtons && !isCounted)
                )
                #expect(warned < way ?? .max)
                let stays = lines.count > (way ?? 0) + 1
                #expect(
                    stays || isCounted,
                    "something of what is asked for"
                )
                #expect((attempt > 0) == note.title.contains("shown again"))
            }
        }
    }

    @Test(arguments: ["gnome-shell", "cinnamon", "Xfce Notify Daemon", "Plasma", "dunst"])
    func `where a title would be cut the question stands in the text`(product: String) throws {
        let host = "accounts.evil.example"
        let note = try note(of: .of(.release, host: host), product: product, ["actions"])
        let isCut = product != "dunst"
        let whole = "firefox asks for your login at \(host)" + (product == "dunst" ? "" : " (7F2A)")
        #expect(note.title == (isCut ? "Keybell asks (7F2A)" : whole))
        #expect(note.body.hasPrefix("firefox asks for your login at \(host)\n") == isCut)
    }

    @Test func `where one question is shown at a time it says how many more wait`() throws {
        var fixture = NotifierFixture("gnome-shell")
        fixture.server = NotificationServer(
            peer: ":1.5",
            product: "gnome-shell",
            capabilities: ["actions", "body"]
        )
        let first = try #require(fixture.show(.of(.release)).first)
        #expect(!first.note.body.contains("wait"))
        for code in ["AAAA", "BBBB", "CCCC"] { _ = fixture.show(.of(.release, code)) }
        _ = fixture.allow(first)
        let posted =
            fixture.carryOut(fixture.notificationState.remove("7F2A", now: fixture.now))
            + fixture.wait(.seconds(2))
        #expect(posted.first?.note.body.hasSuffix("2 more questions wait.") == true)
    }

    @Test func `a server without actions gets none and says how to answer`() throws {
        let note = try note(["body"])
        #expect(note.buttons.isEmpty)
        #expect(note.title == "Keybell asks")
        #expect(note.body.hasPrefix("firefox asks for your login at github.com\nRun keybell allow 7F2A"))
    }

    @Test func `text is escaped just where the server does markup`() throws {
        #expect(try note(["body-markup"]).body.contains("“Git&lt;b&gt;&amp;”"))
        #expect(try note([]).body.contains("“Git<b>&”"))
    }

    @Test func `quotes and apostrophes stay as they are, for GNOME decodes no numbers`() {
        let server = NotificationServer(
            peer: ":1.5",
            product: "gnome-shell",
            capabilities: ["body-markup"]
        )
        #expect(server.escaped("Alice's \"<a>\" & co") == "Alice's \"&lt;a&gt;\" &amp; co")
    }

    @Test(arguments: [
        ("gnome-shell", true), ("cinnamon", true), ("notify-osd", true), ("Plasma", false), ("dunst", false),
        ("Budgie Notification Server", false), ("something new", false),
    ])
    func `some servers are known to keep all but one notification back`(product: String, queues: Bool) {
        #expect(NotificationServer(peer: ":1.5", product: product, capabilities: []).queues == queues)
    }

    @Test func `a random key can't be guessed`() {
        let keys = (0..<100).map { _ in NotificationState.randomKey() }
        #expect(Set(keys).count == 100)
        #expect(keys.allSatisfy { $0.count == 16 })
    }

    @Test func `a delivery of names alone says so`() {
        func title(_ count: Int, _ host: String? = nil) -> String {
            Notice.delivery(client: "a", program: "git", host: host, count: count, passwords: false).title
        }
        #expect(title(1, "a.example") == "git got a login without password for a.example")
        #expect(title(40) == "git got 40 logins without passwords")
    }

    @Test(
        arguments: [
            (
                Notice.delivery(client: "a", program: "git", host: "a.example", count: 1),
                "git got a login for a.example", "Client: “a”"
            ),
            (
                .delivery(
                    client: "a",
                    program: "chromium",
                    host: "a-rather-long-subdomain.login.github.com",
                    count: 1
                ),
                "chromium got a login", "For …login.github.com\nClient: “a”"
            ),
            (
                .delivery(
                    client: "a",
                    program: "/home/alice/.local/share/programs/chromium",
                    host: "b.example",
                    count: 2
                ),
                "2 logins went out",
                "For b.example\n/home/alice/.local/share/programs/chromium got 2 logins\nClient: “a”"
            ),
        ] as [(Notice, String, String)]
    )
    func `news whose title isn't all drawn have it in the text, the site first`(
        news: Notice,
        title: String,
        body: String
    ) {
        let server = NotificationServer(peer: ":1.5", product: "gnome-shell", capabilities: [])
        let call = NotifyCall(telling: news, on: server)
        #expect(call.title == title)
        #expect(call.body == body)
        let roomy = NotificationServer(peer: ":1.5", product: NotifierFixture.drawsAll, capabilities: [])
        #expect(NotifyCall(telling: news, on: roomy).title == news.title)
    }

    @Test func `every other notice's title is drawn where there is least room`() {
        let request = PendingRequest.of(.release)
        let agent = AgentInfo(peer: ":1.7", name: "panel", executable: "/usr/bin/panel", isExclusive: true)
        for news in [Notice.late(request), .notKept(request, ""), .failed(request, ""), .agent(agent)] {
            let server = NotificationServer(peer: ":1.5", product: "gnome-shell", capabilities: [])
            #expect(server.room.draws(title: news.title), "\(news.title)")
        }
    }

    @Test func `a delivery is told once a minute for each client and host`() {
        var notices = DeliveryNotices(interval: .seconds(60))
        let now = ContinuousClock.now
        let told = [
            notices.admit(client: "firefox", host: "a", now: now),
            notices.admit(client: "firefox", host: "a", now: now + .seconds(59)),
            notices.admit(client: "firefox", host: "b", now: now + .seconds(59)),
            notices.admit(client: "git", host: "a", now: now + .seconds(59)),
            notices.admit(client: "firefox", host: "a", now: now + .seconds(60)),
        ]
        #expect(told == [true, false, true, true, true])
    }

    @Test func `a delivery that the person was just asked about isn't told, nor those that follow it`() {
        var notices = DeliveryNotices(interval: .seconds(60))
        let now = ContinuousClock.now
        let told = [
            notices.admit(client: "firefox", host: "a", wasAsked: true, now: now),
            notices.admit(client: "firefox", host: "a", now: now + .seconds(59)),
            notices.admit(client: "firefox", host: "a", now: now + .seconds(60)),
            notices.admit(client: "firefox", host: "a", wasAsked: true, now: now + .seconds(90)),
            notices.admit(client: "firefox", host: "a", now: now + .seconds(149)),
        ]
        #expect(told == [false, false, true, false, false])
    }
}

extension String {
    fileprivate func components(of part: String) -> Int {
        split(separator: part, omittingEmptySubsequences: false).count - 1
    }
}
