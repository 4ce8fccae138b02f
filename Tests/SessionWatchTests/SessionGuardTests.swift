// SPDX-License-Identifier: Apache-2.0

import DBus
import Foundation
import Logging
import TestSupport
import Testing

@testable import SessionWatch

/// The watch at work on private buses.
@Suite(.timeLimit(.minutes(1))) struct SessionGuardTests {
    private let bus: PrivateBus
    private let heard = Observed<[SessionEvent]>([])
    private let said = Observed<[String]>([])

    /// Keeps what the watch warns of.
    private struct Warnings: LogHandler {
        let said: Observed<[String]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.warning

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { said.update { $0.append(event.message.description) } }
    }

    init() async throws {
        bus = try await PrivateBus()
    }

    /// Runs a watch while something happens.
    private func watching(
        _ logind: MockLogind? = nil,
        _ change: (inout SessionGuard.Options) -> Void = { _ in },
        handle: @escaping @Sendable (SessionEvent) async -> Void = { _ in },
        while action: (SessionGuard) async throws -> Void
    ) async throws {
        var options = SessionGuard.Options()
        change(&options)
        let (heard, said) = (heard, said)
        let system = logind?.systemBus.bus ?? .address("unix:path=/nonexistent")
        let guardian = SessionGuard(
            session: try await bus.connect(),
            system: { () throws(DBusError) in try await BusConnection.connect(system) },
            options: options,
            logger: Logger(label: "test") { _ in Warnings(said: said) }
        ) { event in
            await handle(event)
            heard.update { $0.append(event) }
        }
        let running = Task { await guardian.run() }
        defer { running.cancel() }
        try await action(guardian)
    }

    private func hears(_ events: [SessionEvent]) async throws {
        try await heard.wait(for: "\(events), not \(heard.now)") { $0 == events ? () : nil }
    }

    /// A screen saver service of the test's own.
    private func screenSaver(_ name: String, isActive: Bool) async throws -> BusConnection {
        let connection = try await bus.connect()
        await connection.export(
            ExportedObject(
                path: "/org/freedesktop/ScreenSaver",
                interfaces: [
                    ExportedInterface(
                        name: name,
                        methods: [
                            Method("GetActive", out: [Argument("active", "b")]) { _ in [.boolean(isActive)] }
                        ],
                        signals: [SignalDescription("ActiveChanged", [Argument("active", "b")])]
                    )
                ]
            )
        )
        #expect(try await connection.requestName(name))
        return connection
    }

    @Test func `a screen saver that is active when it is found counts, until it leaves`() async throws {
        let saver = try await screenSaver("org.freedesktop.ScreenSaver", isActive: true)
        try await watching { _ in
            try await hears([.screenLocked])
            await saver.close()
            try await hears([.screenLocked, .screenUnlocked])
        }
    }

    @Test func `only the owner of the name is believed`() async throws {
        let saver = try await screenSaver("org.freedesktop.ScreenSaver", isActive: false)
        let liar = try await bus.connect()
        try await watching { _ in
            func tell(_ who: BusConnection, _ isActive: Bool) async throws {
                try await who.emit(
                    "/org/freedesktop/ScreenSaver",
                    "org.freedesktop.ScreenSaver",
                    "ActiveChanged",
                    [.boolean(isActive)]
                )
            }
            // Repeated, as the watch may not have begun; a lie would be heard before the truth.
            for _ in 0..<50 where heard.now.isEmpty {
                try await tell(liar, true)
                try await tell(saver, false)
                try await tell(saver, true)
                try await Task.sleep(for: .milliseconds(20))
            }
            try await tell(saver, false)
            try await heard.wait(for: "the unlock") { $0.last == .screenUnlocked ? () : nil }
            try await tell(liar, true)
            try await tell(saver, true)
            try await tell(saver, false)
            try await heard.wait(for: "another unlock") {
                $0.filter { $0 == .screenUnlocked }.count > 1 ? () : nil
            }
            // Each lock was told by the saver itself: a lie in between would have made one of its own.
            #expect(
                heard.now.filter { $0 == .screenLocked }.count
                    == heard.now.filter { $0 == .screenUnlocked }.count
            )
        }
    }

    @Test func `sleep waits until it has been handled, and is delayed again after it`() async throws {
        let logind = try await MockLogind()
        let gate = Observed(false)
        try await watching(logind) { _ in
        } handle: { event in
            guard event == .goesToSleep else { return }
            try? await gate.wait(for: "the gate") { $0 ? () : nil }
        } while: { _ in
            try await settle { try await logind.inhibitors() == 1 }
            try await logind.sleep(true)
            #expect(try await logind.inhibitors() == 1)
            gate.update { $0 = true }
            try await hears([.goesToSleep])
            try await settle { try await logind.inhibitors() == 0 }
            try await logind.sleep(false)
            try await hears([.goesToSleep, .wokeUp])
            try await settle { try await logind.inhibitors() == 1 }
        }
    }

    @Test func `logind's hint, request and end are heard`() async throws {
        let logind = try await MockLogind()
        try await watching(logind) { _ in
            try await settle { try await logind.inhibitors() == 1 }
            try await logind.setLocked(true)
            try await hears([.screenLocked])
            try await logind.setLocked(false)
            try await hears([.screenLocked, .screenUnlocked])
            try await logind.ask(to: "Lock")
            try await hears([.screenLocked, .screenUnlocked, .screenLocked])
            try await logind.ask(to: "Unlock")
            try await hears([.screenLocked, .screenUnlocked, .screenLocked, .screenUnlocked])
            try await logind.setLocked(true)
            try await heard.wait(for: "the lock") { $0.count == 5 ? () : nil }
            logind.stop()
            try await heard.wait(for: "the end") { $0.count == 6 ? () : nil }
            #expect(heard.now.last == .screenUnlocked)
        }
    }

    @Test func `who doesn't want sleep to wait takes no delay lock`() async throws {
        let logind = try await MockLogind()
        try await watching(logind) {
            $0.delaysSleep = false
        } while: { _ in
            try await logind.setLocked(true)
            try await hears([.screenLocked])
            #expect(try await logind.inhibitors() == 0)
        }
    }

    @Test func `vaults that nobody uses are idle once, and again after the next use`() async throws {
        try await watching {
            $0.idle = .milliseconds(300)
        } while: { guardian in
            guardian.use.use()
            try await hears([.idle])
            guardian.use.use()
            try await hears([.idle, .idle])
        }
    }

    @Test func `a person who has left the screen is idle, however busy programs are`() async throws {
        let logind = try await MockLogind()
        try await watching(logind) {
            $0.idle = .seconds(30)
        } while: { guardian in
            try await settle { try await logind.inhibitors() == 1 }
            guardian.use.use()
            try await logind.setIdle(for: 40)
            try await hears([.idle])
        }
    }

    @Test func `a calendar that is set makes nobody idle`() async throws {
        let logind = try await MockLogind()
        try await watching(logind) {
            $0.idle = .seconds(30)
        } while: { guardian in
            try await settle { try await logind.inhibitors() == 1 }
            guardian.use.use()
            try await logind.setIdle(for: 0, byCalendar: 7200)
            // Whatever came of that would be heard before this.
            try await logind.setLocked(true)
            try await hears([.screenLocked])
        }
    }

    @Test
    func `the next sleep is delayed, too, where the computer wakes up before this one has been handled`()
        async throws
    {
        let logind = try await MockLogind()
        let gate = Observed(false)
        try await watching(logind) { _ in
        } handle: { event in
            guard event == .goesToSleep else { return }
            try? await gate.wait(for: "the gate") { $0 ? () : nil }
        } while: { _ in
            try await settle { try await logind.inhibitors() == 1 }
            try await logind.sleep(true)
            try await logind.sleep(false)
            // The one that is still handled, and the next.
            try await settle { try await logind.inhibitors() == 2 }
            gate.update { $0 = true }
            try await hears([.goesToSleep, .wokeUp])
            try await settle { try await logind.inhibitors() == 1 }
        }
    }

    @Test func `who may not delay sleep says so`() async throws {
        let logind = try await MockLogind()
        try await logind.refuseInhibitors()
        try await watching(logind) { _ in
            try await said.wait(for: "the warning") {
                $0.contains { $0.contains("sleep can't be delayed") } ? () : nil
            }
        }
    }

    /// Asks again until it holds; the mock tells no change of its list.
    private func settle(_ check: () async throws -> Bool) async throws {
        for _ in 0..<200 {
            if try await check() { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("it did not come to hold")
    }
}
