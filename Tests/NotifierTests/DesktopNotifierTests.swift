// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import DBus
import TestSupport
import Testing

@testable import Notifier

/// The notification servers of six desktops, each started for real and answered as a person would.
@Suite(.serialized, .timeLimit(.minutes(4))) struct DesktopNotifierTests {
    typealias Kind = DesktopNotifierKind

    @Test(arguments: Kind.allCases)
    func `a press on Allow allows, and the notification goes`(kind: Kind) async throws {
        let bus = try await PrivateBus()
        let notifier = try await kind.start(on: bus)
        let session = try await Session(on: bus)
        let answer = session.ask()
        let code = try await session.code()
        try await notifier.press("Allow") { await session.approvals.pending().isEmpty }
        #expect(await answer.value == .allowed(Choices(id: "firefox"), code: code))
        try await notifier.shows(0)
        try await session.end()
    }

    @Test(arguments: Kind.allCases)
    func `a press on Deny denies, whatever another program says was pressed`(kind: Kind) async throws {
        let bus = try await PrivateBus()
        let notifier = try await kind.start(on: bus)
        let eavesdropper = try await Eavesdropper(on: bus)
        let session = try await Session(on: bus)
        let answer = session.ask()
        try await notifier.shows(1)
        // The bus keeps the order: this reaches the notifier before the press does.
        try await eavesdropper.forgePress(of: "Allow")
        try await notifier.press("Deny") { await session.approvals.pending().isEmpty }
        #expect(await answer.value == .denied(Choices()))
        try await session.end()
    }

    @Test(arguments: Kind.allCases)
    func `a notification goes when its request is answered elsewhere`(kind: Kind) async throws {
        let bus = try await PrivateBus()
        let notifier = try await kind.start(on: bus)
        let session = try await Session(on: bus)
        let answer = session.ask()
        try await notifier.shows(1)
        try await session.approvals.answer(code: session.code(), decision: .deny, through: .bus(.panel))
        #expect(await answer.value == .denied(Choices()))
        try await notifier.shows(0)
        try await session.end()
    }

    @Test(arguments: Kind.allCases)
    func `the server is known by what it calls itself, and trusted to draw buttons or not`(kind: Kind)
        async throws
    {
        let bus = try await PrivateBus()
        let notifier = try await kind.start(on: bus)
        let connection = try await bus.connect()
        let server = try await NotificationsProxy(bus: connection, look: Answerer.look).server()
        #expect(server.product == kind.product)
        #expect(server.takesActions)
        #expect(server.drawsButtons == kind.drawsButtons)
        await connection.close()
        try await notifier.stop()
    }

    @Test(arguments: [Kind.xfce, .mako, .dunst])
    func `a server that comes late or restarts shows what waits, once`(kind: Kind) async throws {
        let bus = try await PrivateBus()
        let session = try await Session(on: bus)
        let answer = session.ask()
        let code = try await session.code()
        _ = try await session.log.wait(for: "a line of the log") { $0.first }
        let first = try await kind.start(on: bus)
        try await first.shows(1)
        try await first.stop()
        let second = try await kind.start(on: bus)
        try await second.shows(1)
        try await second.press("Allow") { await session.approvals.pending().isEmpty }
        #expect(await answer.value == .allowed(Choices(id: "firefox"), code: code))
        #expect(session.log.now.count { $0.contains("no notification server") } == 1)
        try await session.end()
    }

    /// The others can't be pressed so, or tell just the program that has replaced it: there the request goes on waiting.
    @Test(arguments: [Kind.xfce, .mate, .mako])
    func `text that another program puts in place of ours gets no answer, and ours comes back`(kind: Kind)
        async throws
    {
        let bus = try await PrivateBus()
        let notifier = try await kind.start(on: bus)
        let eavesdropper = try await Eavesdropper(on: bus)
        let session = try await Session(on: bus)
        let answer = session.ask()
        try await notifier.shows(1)
        try await eavesdropper.replaceNotification()
        try await notifier.press("Allow") { !session.log.now.isEmpty }
        #expect(session.log.now.count { $0.contains("another program") } == 1)
        try await notifier.shows(1)
        #expect(await session.approvals.pending().count == 1)
        try await notifier.press("Deny") { await session.approvals.pending().isEmpty }
        #expect(await answer.value == .denied(Choices()))
        try await session.end()
    }

    /// MATE 1.26 swallows what comes then and tells nobody; the request must not be lost with it.
    @Test func `in MATE's do-not-disturb a request waits for whoever else answers`() async throws {
        let bus = try await PrivateBus()
        try bus.folder.makeFolder("config/glib-2.0")
        try bus.folder.makeFolder("config/glib-2.0/settings")
        try bus.folder.write(
            "config/glib-2.0/settings/keyfile",
            "[org/mate/notification-daemon]\ndo-not-disturb=true\n"
        )
        let notifier = try await Kind.mate.start(on: bus, settings: ["GSETTINGS_BACKEND": "keyfile"])
        let eavesdropper = try await Eavesdropper(on: bus)
        let session = try await Session(on: bus)
        let answer = session.ask()
        try await eavesdropper.hasHeard("Allow")
        try await notifier.shows(0)
        let code = try await session.code()
        try await session.approvals.answer(code: code, decision: .allow, through: .bus(.panel))
        #expect(await answer.value == .allowed(Choices(id: "firefox"), code: code))
        try await session.end()
    }
}

/// Another program of the session, which knows all that was sent to the notification server.
final class Eavesdropper: Sendable {
    private let bus: BusConnection
    private let monitor: ChildProcess

    init(on privateBus: PrivateBus) async throws {
        bus = try await privateBus.connect()
        monitor = try ChildProcess(
            "dbus-monitor",
            ["--session", "interface='org.freedesktop.Notifications',member='Notify'"],
            environment: privateBus.environment
        )
        // It says so itself once it listens.
        try await monitor.prints("NameLost")
    }

    /// Waits until a notification with such a button has been asked for.
    func hasHeard(_ label: String) async throws {
        try await monitor.prints("string \"\(label)\"")
    }

    /// Says that a button of the notification was pressed, with its true key.
    func forgePress(of label: String) async throws {
        try await hasHeard(label)
        let lines = monitor.soFar.output.split(separator: "\n").map { $0.drop { $0 == " " } }
        let index = try #require(lines.firstIndex(of: "string \"\(label)\""))
        let key = lines[index - 1].dropFirst("string \"".count).dropLast()
        #expect(key.count == 16)
        for id in 1...9 as ClosedRange<UInt32> {
            try await bus.emit(
                NotificationsProxy.path,
                NotificationsProxy.name,
                "ActionInvoked",
                [.uint32(id), .string(String(key))]
            )
        }
        // Its answer comes after what was sent before.
        _ = try await bus.owner(of: NotificationsProxy.name)
    }

    /// Puts other text in place of the only notification that there is, with buttons that look like ours.
    func replaceNotification() async throws {
        _ = try await bus.call(
            NotificationsProxy.name,
            NotificationsProxy.path,
            NotificationsProxy.name,
            "Notify",
            [
                .string("Keybell"), .uint32(1), .string("dialog-password"),
                .string("firefox asks for the login for example.org (7F2A)"),
                .string("Code 7F2A\nProgram: /usr/bin/firefox (42)\nHost: example.org"),
                .strings(["yes", "Allow", "no", "Deny"]), .vardict(["urgency": .byte(2)]), .int32(0),
            ]
        )
    }

    deinit {
        monitor.kill()
    }
}
