// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import DBus
import Notifier
import TestSupport
import Testing

@Suite struct NotificationAnswererTests {
    @Test func `a request appears with its buttons, and one of them answers`() async throws {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        let session = try await Session(on: bus)
        let answer = session.ask()
        let shown = try await server.shown()
        let code = try await session.code()
        #expect(shown.title.contains(code))
        #expect(shown.timeout == .int32(0))
        #expect(shown.hints["urgency"] == .byte(2))
        #expect(shown.hints["transient"] == nil)
        #expect(shown.actions.count == 4)
        try await server.press("Allow", on: shown)
        #expect(await answer.value == .allowed(Choices(id: "firefox"), code: code))
        try await server.closed(shown.id)
        try await session.end()
    }

    @Test func `a press that somebody else tells of is ignored`() async throws {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        let session = try await Session(on: bus)
        let answer = session.ask()
        let shown = try await server.shown()
        let forger = try await bus.connect()
        try await server.press("Allow", on: shown, as: forger)
        // The bus keeps the order in which it was given the two.
        _ = try await forger.owner(of: FakeServer.name)
        try await server.press("Deny", on: shown)
        #expect(await answer.value == .denied(Choices()))
        await forger.close()
        try await session.end()
    }

    @Test func `a server in a sandbox is shown nothing`() async throws {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        let session = try await Session(on: bus, sandbox: Sandbox(flatpak: "org.example.Game"))
        let answer = session.ask()
        let code = try await session.code()
        _ = try await session.log.wait(for: "a line on it") { $0.isEmpty ? nil : true }
        #expect(server.state.now.shown.isEmpty)
        _ = try await session.approvals.answer(code: code, decision: .deny, through: .notifier)
        #expect(await answer.value == .denied(Choices()))
        try await session.end()
    }

    @Test func `an allow within 700 ms is no answer and the request is shown again`() async throws {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        let session = try await Session(on: bus) { $0.limits.hasty = .seconds(60) }
        let answer = session.ask()
        let shown = try await server.shown()
        try await server.press("Allow", on: shown)
        let again = try await server.shown(2)
        #expect(again.title.hasSuffix(", shown again)"))
        try await server.press("Deny", on: again)
        #expect(await answer.value == .denied(Choices()))
        try await session.end()
    }

    @Test func `a notification goes when the request is answered elsewhere`() async throws {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        let session = try await Session(on: bus)
        let answer = session.ask()
        let shown = try await server.shown()
        try await session.approvals.answer(code: session.code(), decision: .deny, through: .notifier)
        try await server.closed(shown.id)
        #expect(await answer.value == .denied(Choices()))
        try await session.end()
    }

    @Test func `a notifier that has been turned off has taken away what it showed`() async throws {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        let session = try await Session(on: bus)
        let answer = session.ask()
        let shown = try await server.shown()
        try await session.turnOff()
        #expect(server.state.now.closed == [shown.id])
        await session.approvals.shutDown()
        #expect(await answer.value == .withdrawn)
    }

    @Test func `a dismissal is no answer`() async throws {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        let session = try await Session(on: bus)
        let answer = session.ask()
        let shown = try await server.shown()
        try await server.close(shown, reason: 2)
        // A second request is shown after the closing was taken in, and the first still waits.
        let other = session.ask(host: "gitlab.com")
        _ = try await server.shown(2)
        #expect(await session.approvals.pending().count == 2)
        try await session.end()
        #expect(await answer.value == .withdrawn)
        #expect(await other.value == .withdrawn)
    }

    @Test
    func `what was clicked away comes back when it is asked again, and agents are told of it once more`()
        async throws
    {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        let session = try await Session(on: bus)
        let added = Observed(0)
        let events = session.approvals.events()
        let counting = Task {
            for await case .added in events { added.update { $0 += 1 } }
        }
        let answer = session.ask()
        let shown = try await server.shown()
        try await server.close(shown, reason: 2)
        var others: [Task<Answer, Never>] = []
        // The closing may be on its way yet when it is asked first.
        for _ in 0..<20 where server.state.now.shown.count < 2 {
            others.append(session.ask())
            _ = try? await server.state.wait(for: "the second", within: .seconds(1)) {
                $0.shown.count > 1 ? () : nil
            }
        }
        let again = try await server.shown(2)
        #expect(try session.code(in: again) == session.code(in: shown))
        try await added.wait(for: "it being told again") { $0 > 1 ? () : nil }
        try await server.press("Allow", on: again)
        let code = try session.code(in: again)
        #expect(await answer.value == .allowed(Choices(id: "firefox"), code: code))
        for other in others { #expect(await other.value == .allowed(Choices(id: "firefox"), code: code)) }
        // By the queue, which may not know yet that it was seen here, and by the notifier that shows it again.
        #expect(added.now <= 1 + 2 * others.count)
        try await session.end()
        counting.cancel()
    }

    @Test func `what the server refuses is tried again, and the log says it once`() async throws {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        server.state.update { $0.refusals = 3 }
        let session = try await Session(on: bus) {
            $0.limits.refusedNotify = Array(repeating: .milliseconds(10), count: 3)
        }
        let answer = session.ask()
        try await server.press("Deny", on: server.shown())
        #expect(await answer.value == .denied(Choices()))
        #expect(session.log.now.count { $0.contains("didn't take a request") } == 1)
        try await session.end()
    }

    @Test func `where the server keeps all but one back it gets one at a time, and news wait`() async throws {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus, product: "gnome-shell")
        let session = try await Session(on: bus)
        let first = session.ask()
        let one = try await server.shown()
        let second = session.ask(host: "gitlab.com")
        // Once the first is answered, nothing else would hold back the news.
        try await session.waiting(2)
        await session.notifier.tellDelivery(client: "git", program: "git", host: "github.com", count: 1)
        try await server.press("Deny", on: one)
        let two = try await server.shown(2)
        #expect((two.title + two.body).contains("gitlab.com"))
        try await server.press("Deny", on: two)
        #expect(try await server.shown(3).title == "git got a login for github.com")
        #expect(await first.value == .denied(Choices()))
        #expect(await second.value == .denied(Choices()))
        try await session.end()
    }

    @Test func `where a closing leaves the next undrawn, the server gets a nudge and a question stays`()
        async throws
    {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus, product: "gnome-shell")
        let session = try await Session(on: bus) { $0.limits.drawing = .zero }
        let answer = session.ask()
        let shown = try await server.shown()
        try await session.isSeen(true)
        try await server.bus.emit(
            FakeServer.path,
            FakeServer.name,
            "NotificationClosed",
            [.uint32(77), .uint32(3)]
        )
        let nudge = try await server.shown(2)
        #expect(nudge.replaces == 0)
        #expect(nudge.actions.isEmpty)
        #expect(nudge.hints["suppress-sound"] == .boolean(true))
        #expect(nudge.hints["transient"] == .boolean(true))
        try await server.closed(nudge.id)
        #expect(server.state.now.closed == [nudge.id])
        try await server.press("Deny", on: shown)
        #expect(await answer.value == .denied(Choices()))
        try await session.end()
    }

    @Test func `with dismiss deny a dismissal denies without a quiet time`() async throws {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        let session = try await Session(on: bus) {
            $0.dismissalDenies = true
            $0.limits.dismissal = .milliseconds(10)
        }
        let answer = session.ask()
        try await server.close(server.shown(), reason: 2)
        #expect(await answer.value == .denied(Choices()))
        let again = session.ask()
        _ = try await server.shown(2)
        try await session.end()
        #expect(await again.value == .withdrawn)
    }

    @Test func `a notifier that restarts gets the requests that wait`() async throws {
        let bus = try await PrivateBus()
        let old = try await FakeServer(on: bus)
        let session = try await Session(on: bus)
        let answer = session.ask()
        _ = try await old.shown()
        await old.bus.close()
        let new = try await FakeServer(on: bus)
        let shown = try await new.shown()
        try await new.press("Allow", on: shown)
        #expect(
            await answer.value == .allowed(Choices(id: "firefox"), code: try session.code(in: shown))
        )
        try await session.end()
    }

    @Test
    func
        `without a notifier the request waits, the log says so once, and it is shown when one comes`()
        async throws
    {
        let bus = try await PrivateBus()
        let session = try await Session(on: bus)
        let answers = [session.ask(), session.ask(host: "gitlab.com")]
        _ = try await session.log.wait(for: "a line of the log") { $0.first }
        let server = try await FakeServer(on: bus)
        _ = try await server.shown(2)
        #expect(session.log.now.count { $0.contains("no notification server") } == 1)
        #expect(await session.approvals.pending().count == 2)
        try await session.end()
        for answer in answers { #expect(await answer.value == .withdrawn) }
    }

    @Test func `a server that another has taken the name from is believed no more`() async throws {
        let bus = try await PrivateBus()
        let old = try await FakeServer(on: bus)
        let session = try await Session(on: bus)
        let answer = session.ask()
        let first = try await old.shown()
        try await old.bus.releaseName(FakeServer.name)
        let new = try await FakeServer(on: bus)
        let second = try await new.shown()
        try await old.press("Allow", on: first)
        // The bus keeps the order in which it was given the two.
        _ = try await old.bus.owner(of: FakeServer.name)
        try await new.press("Deny", on: second)
        #expect(await answer.value == .denied(Choices()))
        try await session.end()
    }

    @Test func `what a server takes away at once, as in do-not-disturb, was seen by nobody`() async throws {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        let session = try await Session(on: bus) { $0.limits.hasty = .seconds(60) }
        let answer = session.ask()
        let shown = try await server.shown()
        try await session.isSeen(true)
        try await server.close(shown, reason: 4)
        try await session.isSeen(false)
        await session.runOut()
        #expect(await answer.value == .unseen)
        #expect(session.log.now.count { $0.contains("do-not-disturb") } == 1)
        try await session.end()
    }

    @Test func `what is on the screen is taken away when the daemon stops`() async throws {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        let session = try await Session(on: bus)
        let answer = session.ask()
        _ = try await server.shown()
        try await session.end()
        #expect(await answer.value == .withdrawn)
        #expect(server.state.now.closed == [1])
    }

    @Test(arguments: [false, true])
    func
        `what is shown, or on its way, is taken away when the notifier is turned off, and can still be answered`(
            isOnItsWay: Bool
        ) async throws
    {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        server.state.update { $0.isSlow = isOnItsWay }
        let session = try await Session(on: bus)
        let answer = session.ask()
        try await server.state.wait(for: "Notify") { $0.asked > 0 ? () : nil }
        if !isOnItsWay {
            let shown = try await server.shown()
            // The notifier has heard of the id once it knows the request to be seen.
            _ = try await session.code()
            #expect(shown.id == 1)
        }
        let turningOff = Task { try await session.turnOff() }
        if isOnItsWay { try await turningOff.value }
        server.state.update { $0.isSlow = false }
        try await turningOff.value
        try await server.closed(1)
        let code = try await session.code()
        try await session.approvals.answer(code: code, decision: .deny, through: .notifier)
        #expect(await answer.value == .denied(Choices()))
        try await session.end()
    }

    @Test func `an exclusive agent keeps the notifier still and is told of once`() async throws {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        let session = try await Session(on: bus)
        let answer = session.ask()
        let shown = try await server.shown()
        for _ in 0..<2 {
            try await session.approvals.register(agent: "panel", peer: ":1.99", isExclusive: true, by: .panel)
        }
        try await session.approvals.shown(code: session.code(), by: ":1.99")
        try await server.closed(shown.id)
        let news = try await server.shown(2)
        #expect(news.hints["transient"] == .boolean(true))
        #expect(news.body.contains("/usr/bin/panel"))
        try await session.end()
        #expect(await answer.value == .withdrawn)
        #expect(server.state.now.shown.count == 2)
    }

    @Test func `a delivery that nobody was asked about is told once, without a button and as news`()
        async throws
    {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        let session = try await Session(on: bus)
        for _ in 0..<2 {
            await session.notifier.tellDelivery(
                client: "git",
                program: "git",
                host: "github.com",
                count: 1
            )
        }
        await session.notifier.tellDelivery(client: "git", program: "git", host: "gitlab.com", count: 2)
        await session.notifier.tellDelivery(
            client: "git",
            program: "git",
            host: "codeberg.org",
            count: 1,
            wasAsked: true
        )
        #expect(
            server.state.now.shown.map(\.title) == [
                "git got a login for github.com", "git got 2 logins for gitlab.com",
            ]
        )
        #expect(
            server.state.now.shown.allSatisfy {
                $0.actions.isEmpty && $0.hints["transient"] == .boolean(true)
            }
        )
        try await session.end()
    }
}
