// SPDX-License-Identifier: Apache-2.0

import DBus
import Foundation
import KeePassHTTP
import TestSupport
import Testing

/// What the session's locks do to an open KeePass file and to what waits.
@Suite(.timeLimit(.minutes(3))) struct LockingTests {
    /// Waits until the vault `main` is locked, or open.
    private func vault(isLocked: Bool, in session: DaemonSession) async throws {
        let bus = try await session.bus.connect()
        let changes = try await bus.signals(
            sender: BusAnswerer.name,
            interface: "org.keybell.Vaults1",
            member: "Changed"
        )
        let found = Observed<Bool?>(nil)
        let looking = Task {
            func look() async throws {
                let answer = try await bus.call(
                    BusAnswerer.name,
                    "/org/keybell/Vaults",
                    "org.keybell.Vaults1",
                    "List"
                )
                let state = answer.first?.asArray?.first?.vardict?["locked"]?.asBool
                found.update { $0 = state }
            }
            try await look()
            for await _ in changes { try await look() }
        }
        defer { looking.cancel() }
        try await found.wait(for: "the vault to be \(isLocked ? "locked" : "open")") {
            $0 == isLocked ? () : nil
        }
    }

    /// A session with an open KeePass file and a client that has saved a login in it.
    private func open(
        _ environment: [String: String],
        further: String = ""
    ) async throws -> (session: DaemonSession, client: ClientProgram, path: String) {
        let (session, path) = try await KDBXVaultTests.session(further: further, starting: false)
        try await session.start(environment: environment)
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        _ = try await client.save("https://example.org/", login: "alice", password: "geheim")
        try await vault(isLocked: false, in: session)
        return (session, client, path)
    }

    @Test func `a real screen locker locks the file, and nothing is shown before the screen is unlocked`()
        async throws
    {
        let display = try await XvfbDisplay()
        let (session, _, path) = try await open(display.environment)
        defer { try? FileManager.default.removeItem(atPath: path) }  // gone with the machine otherwise
        let environment = session.bus.environment.merging(display.environment) { $1 }
        let locker = try ChildProcess("mate-screensaver", ["--no-daemon"], environment: environment)
        _ = try await session.bus.owner(of: "org.mate.ScreenSaver")
        func tell(_ word: String) async throws {
            let report = try await ChildProcess.run(
                "mate-screensaver-command",
                ["--" + word],
                environment: environment
            )
            #expect(report.status == 0, "\(report)")
        }
        try await tell("lock")
        try await vault(isLocked: true, in: session)

        let body = try associateBody()
        async let reply = session.send(body)
        async let question = BusAnswerer(session).question()
        // It waits, and is told to whoever asks, but to nobody else: RequestAdded comes at the unlock.
        try await Self.waiting(1, in: session)
        try await tell("deactivate")
        let code = try await question.code
        #expect(try await session.keybell("deny", code).status == 0)
        #expect(try await reply.json["Success"] as? Bool == false)
        let log = try await session.keybell("log")
        #expect(log.output.contains("main was locked: the screen was locked"), "\(log)")
        #expect(!log.output.contains("geheim") && !log.output.contains("alice"))
        withExtendedLifetime(locker) {}
    }

    private static func waiting(_ count: Int, in session: DaemonSession) async throws {
        for _ in 0..<100 where try await BusAnswerer(session).questions().count != count {
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try await BusAnswerer(session).questions().count == count)
    }

    @Test func `sleep and logind's Lock lock the file, and a session grant ends with that`() async throws {
        let login = try await MockLogind()
        let (session, client, path) = try await open(login.environment)
        defer { try? FileManager.default.removeItem(atPath: path) }  // gone with the machine otherwise
        let page = [(name: "Url", value: "https://example.org/")]
        let first = AskedKinds()
        async let reply = client.ask(.getLogins, page)
        let question = try await BusAnswerer(session).question()
        let allowed = try await session.keybell("allow", question.code, "--scope", "session")
        #expect(allowed.status == 0, "\(allowed)")
        #expect(try await reply.entries.count == 1)
        #expect(try await client.ask(.getLogins, page).entries.count == 1)

        try await login.sleep(true)
        try await vault(isLocked: true, in: session)
        try await login.sleep(false)
        _ = try await BusAnswerer(session).answering(seen: { first.note($0) }) {
            try await client.ask(.getLogins, page, triggerUnlock: true)
        }
        #expect(first.all == ["unlock", "release"])

        try await login.ask(to: "Lock")
        try await vault(isLocked: true, in: session)
        try await login.setLocked(true)
        try await login.setLocked(false)
        #expect(try await session.keybell("unlock", "main").status == 0)
        let grants = try await session.keybell("grants", "firefox", "--json")
        #expect(!grants.output.contains("session"), "\(grants)")
    }

    @Test func `a lock takes back what waits for the file that it closes`() async throws {
        let login = try await MockLogind()
        let (session, client, path) = try await open(login.environment)
        defer { try? FileManager.default.removeItem(atPath: path) }  // gone with the machine otherwise
        async let reply = client.ask(.getLogins, [("Url", "https://example.org/")])
        let question = try await BusAnswerer(session).question()
        try await login.setLocked(true)
        let told = try await reply
        #expect(!told.success && told.error == "Database locked")
        try await login.setLocked(false)
        #expect(try await BusAnswerer(session).questions().isEmpty)
        #expect(try await session.keybell("allow", question.code).status == 1)
    }

    @Test func `what the person has locked by hand isn't opened by waking up`() async throws {
        let login = try await MockLogind()
        let session = try await DaemonSession(starting: false)
        try await session.start(environment: login.environment)
        _ = try await ClientProgram.associated(with: session, as: "firefox")
        // What delays the sleep is let go once the vaults are locked, and taken anew at the waking up.
        func delays(_ count: Int) async throws {
            _ = try await eventually("\(count) delays") { try await login.inhibitors() == count ? () : nil }
        }
        try await delays(1)
        try await login.sleep(true)
        try await vault(isLocked: true, in: session)
        try await login.sleep(false)
        try await vault(isLocked: false, in: session)
        #expect(try await session.keybell("lock", "keyring").status == 0)
        try await login.sleep(true)
        try await delays(0)
        try await login.sleep(false)
        try await delays(1)
        // It would be open within one or two looks.
        for _ in 0..<10 {
            let status = try await session.keybell("status")
            #expect(status.output.contains("keyring (keyring, locked"), "\(status)")
        }
    }

    @Test func `where the person wants it, the screen's lock leaves the file open`() async throws {
        let login = try await MockLogind()
        let (session, client, path) = try await open(
            login.environment,
            further: "[lock]\non_screen_lock = false"
        )
        defer { try? FileManager.default.removeItem(atPath: path) }  // gone with the machine otherwise
        try await login.setLocked(true)
        async let reply = client.ask(.getLogins, [("Url", "https://example.org/")])
        async let question = BusAnswerer(session).question()
        try await Self.waiting(1, in: session)
        try await login.setLocked(false)
        #expect(try await session.keybell("allow", question.code).status == 0)
        #expect(try await reply.entries.count == 1)
    }
}
