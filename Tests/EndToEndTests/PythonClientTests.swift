// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import TestSupport
import Testing

/// Two client libraries of other people, as PyPI has them, without a change.
///
/// They know no other port than 19455, so one runs after the other, and not beside a daemon of the person.
struct PythonClientTests {
    @Test func `the Python clients of PyPI associate, save and fetch`() async throws {
        // Together, since making the environment takes far longer than running them.
        let python = try await PythonEnvironment(with: ["keepasshttp==1.4.1", "keepasshttplib==0.7"])
        try await Self.withHousehold { try await Self.useKeePassHTTP(python, in: $0) }
        try await Self.withHousehold { try await Self.useKeePassHTTPLib(python, in: $0) }
    }

    /// Associates, saves, searches, changes and lists.
    private static func useKeePassHTTP(_ python: PythonEnvironment, in session: DaemonSession) async throws {
        let script = """
            import sys
            from keepasshttp import KeePassHTTP
            kph = KeePassHTTP(storage=sys.argv[1])
            kph.create("alice", "geheim", "https://example.org/login")
            entry = kph.get("https://example.org/")
            print("got", entry.login, entry.password, len(entry.uuid))
            entry.password = "neu-ä"
            print("title", kph.get("example.org").password)
            print("all", [(e.name, e.login) for e in kph.list()])
            print("none", kph.get("https://example.net/"), kph.search("https://example.net/"))
            """
        let report = try await BusAnswerer(session).answering(["id": "python"]) {
            try await python.run(script, session.bus.folder.path("key"), in: session)
        }
        #expect(
            report.output == """
                got alice geheim 32
                title neu-ä
                all [('example.org', 'alice')]
                none None []

                """,
            "\(report.errors)"
        )

        // A later run has its key in a file, and only tests it.
        let again = try await BusAnswerer(session).answering(decision: "deny") {
            try await python.run(
                """
                import sys
                from keepasshttp import KeePassHTTP
                kph = KeePassHTTP(storage=sys.argv[1])
                print(kph.uid, kph.search("https://example.org/"), kph.uid)
                """,
                session.bus.folder.path("key"),
                in: session
            )
        }
        #expect(again.output == "None [] python\n", "\(again.errors)")
    }

    /// Keeps its key in the keyring and fetches a login.
    private static func useKeePassHTTPLib(_ python: PythonEnvironment, in session: DaemonSession) async throws
    {
        let saver = try await ClientProgram.associated(with: session, as: "firefox")
        #expect(try await saver.save("https://example.org/", login: "alice", password: "geheim").success)

        let script = """
            from keepasshttplib import keepasshttplib
            print(keepasshttplib.Keepasshttplib().get_credentials("https://example.org/"))
            print(keepasshttplib.Keepasshttplib().get_credentials("https://example.net/"))
            """
        let kinds = AskedKinds()
        let report = try await BusAnswerer(session).answering(["id": "büro"], seen: { kinds.note($0) }) {
            try await python.run(script, in: session)
        }
        #expect(
            report.output == "running test associate\n('alice', 'geheim')\nNone\n",
            "\(report.errors)"
        )
        #expect(kinds.all == ["associate", "release"])
    }

    /// Does something in a session on the port that these clients know, and waits until that is free again.
    private static func withHousehold(_ work: (DaemonSession) async throws -> Void) async throws {
        guard FreePort.isFree(19455) else {
            throw TestFailure(
                """
                port 19455 is taken, and the Python clients know no other: end the program that has it \
                (`ss -ltnp 'sport = :19455'` names it; perhaps your own keybelld), then run this test again
                """
            )
        }
        let session = try await DaemonSession(port: 19455)
        do {
            try await work(session)
        } catch {
            _ = try? await session.stop()  // the error of the work is the one to see
            throw error
        }
        try await session.stop()
    }
}

extension PythonEnvironment {
    /// Runs a script in a session.
    fileprivate func run(_ script: String, _ arguments: String..., in session: DaemonSession) async throws
        -> ChildProcess.Report
    {
        try await run(script, arguments, environment: session.bus.environment)
    }
}
