// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import TestSupport
import Testing

/// The built-in notifier with the real dunst, as a person has it on the screen.
struct NotificationTests {
    /// A session with dunst in it, whose menu always takes the line that begins with `choice`.
    private static func withDunst(choosing choice: String) async throws -> (
        DaemonSession, ChildProcess, XvfbDisplay
    ) {
        let display = try await XvfbDisplay()
        let session = try await DaemonSession(withNotifier: true, starting: false)
        let menu = try session.bus.folder.write("menu", "#!/bin/sh\nexec grep -m 1 '^#\(choice)'\n")
        _ = try await session.run("chmod", "700", menu)
        let settings = try session.bus.folder.write("dunstrc", "[global]\ndmenu = \(menu)\n")
        let dunst = try ChildProcess(
            "dunst",
            ["-conf", settings],
            environment: session.bus.environment.merging(display.environment) { $1 }
        )
        _ = try await session.bus.owner(of: "org.freedesktop.Notifications")
        try await session.start()
        return (session, dunst, display)
    }

    /// Waits until dunst shows as many notifications.
    private static func displayed(_ count: Int, in session: DaemonSession) async throws {
        for _ in 0..<100 {
            let report = try await session.run("dunstctl", "count", "displayed")
            if report.output.trimming() == "\(count)" { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw TestFailure("dunst did not come to show \(count)")
    }

    @Test func `its Allow button lets a client in`() async throws {
        let (session, dunst, display) = try await Self.withDunst(choosing: "Allow")
        let client = ClientProgram(session, id: "firefox")
        let body = try client.body(.associate)
        let reply = Task { try await session.send(body) }
        try await Self.displayed(1, in: session)
        // An allow within 700 ms of the showing was meant for something else, and is shown again.
        for _ in 0..<60 where try await !BusAnswerer(session).questions().isEmpty {
            try await Task.sleep(for: .seconds(1))
            _ = try await session.run("dunstctl", "action", "0")
        }
        #expect(try await reply.value.json["Id"] as? String == "firefox")
        try await Self.displayed(0, in: session)
        withExtendedLifetime((dunst, display)) {}
    }

    @Test func `it goes when the request is answered elsewhere`() async throws {
        let (session, dunst, display) = try await Self.withDunst(choosing: "Allow")
        let body = try associateBody()
        async let reply = session.send(body)
        try await Self.displayed(1, in: session)
        let question = try await BusAnswerer(session).question()
        #expect(try await session.keybell("deny", question.code).status == 0)
        #expect(try await reply.json["Success"] as? Bool == false)
        try await Self.displayed(0, in: session)
        withExtendedLifetime((dunst, display)) {}
    }

    @Test func `turned off by a reload it takes away what waits, and turned on it shows that again`()
        async throws
    {
        let (session, dunst, display) = try await Self.withDunst(choosing: "Allow")
        let body = try associateBody()
        async let reply = session.send(body)
        try await Self.displayed(1, in: session)
        for (isOn, count) in [(false, 0), (true, 1), (false, 0)] {
            let file = URL(filePath: session.configuration)
            let text = try String(contentsOf: file, encoding: .utf8)
                .replacing("notifier = \(!isOn)", with: "notifier = \(isOn)")
            try Data(text.utf8).write(to: file)
            #expect(try await session.keybell("reload").output == "In force: [approval].\n")
            try await Self.displayed(count, in: session)
        }
        try await session.daemon.prints("nothing shows it: the notifier is off")
        let status = try await session.keybell("status").output
        #expect(status.contains("built-in notifier is off"), "\(status)")
        let question = try await BusAnswerer(session).question()
        #expect(try await session.keybell("allow", question.code).status == 0)
        #expect(try await reply.json["Success"] as? Bool == true)
        withExtendedLifetime((dunst, display)) {}
    }

    @Test func `closing it is no answer`() async throws {
        let (session, dunst, display) = try await Self.withDunst(choosing: "Allow")
        let body = try associateBody()
        async let reply = session.send(body)
        try await Self.displayed(1, in: session)
        _ = try await session.run("dunstctl", "close-all")
        let question = try await BusAnswerer(session).question()
        #expect(try await session.keybell("allow", question.code).status == 0)
        #expect(try await reply.json["Success"] as? Bool == true)
        withExtendedLifetime((dunst, display)) {}
    }
}

extension String {
    fileprivate func trimming() -> String {
        String(drop { $0.isWhitespace }.prefix { !$0.isWhitespace })
    }
}
