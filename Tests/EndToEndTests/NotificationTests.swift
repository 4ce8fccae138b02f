// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import TestSupport
import Testing

/// The built-in notifier with the real dunst, as a person has it on the screen.
struct NotificationTests {
    /// A session with dunst in it, whose menu always takes the line that begins with `choice`.
    private static func withDunst(choosing choice: String) async throws -> (
        Household, ChildProcess, XvfbDisplay
    ) {
        let display = try await XvfbDisplay()
        let household = try await Household(withNotifier: true, starting: false)
        let menu = try household.bus.folder.write("menu", "#!/bin/sh\nexec grep -m 1 '^#\(choice)'\n")
        _ = try await household.run("chmod", "700", menu)
        let settings = try household.bus.folder.write("dunstrc", "[global]\ndmenu = \(menu)\n")
        let dunst = try ChildProcess(
            "dunst",
            ["-conf", settings],
            environment: household.bus.environment.merging(display.environment) { $1 }
        )
        _ = try await household.bus.owner(of: "org.freedesktop.Notifications")
        try await household.start()
        return (household, dunst, display)
    }

    /// Waits until dunst shows as many notifications.
    private static func displayed(_ count: Int, in household: Household) async throws {
        for _ in 0..<100 {
            let report = try await household.run("dunstctl", "count", "displayed")
            if report.output.trimming() == "\(count)" { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw TestFailure("dunst did not come to show \(count)")
    }

    @Test func `its Allow button lets a client in`() async throws {
        let (household, dunst, display) = try await Self.withDunst(choosing: "Allow")
        let guest = Guest(household, id: "firefox")
        let body = try guest.body(.associate)
        let reply = Task { try await household.ring(body) }
        try await Self.displayed(1, in: household)
        // An allow within 700 ms of the showing was meant for something else, and is shown again.
        for _ in 0..<60 where try await !Porter(household).questions().isEmpty {
            try await Task.sleep(for: .seconds(1))
            _ = try await household.run("dunstctl", "action", "0")
        }
        #expect(try await reply.value.json["Id"] as? String == "firefox")
        try await Self.displayed(0, in: household)
        withExtendedLifetime((dunst, display)) {}
    }

    @Test func `it goes when the request is answered elsewhere`() async throws {
        let (household, dunst, display) = try await Self.withDunst(choosing: "Allow")
        let body = try associateBody()
        async let reply = household.ring(body)
        try await Self.displayed(1, in: household)
        let question = try await Porter(household).question()
        #expect(try await household.keybell("deny", question.code).status == 0)
        #expect(try await reply.json["Success"] as? Bool == false)
        try await Self.displayed(0, in: household)
        withExtendedLifetime((dunst, display)) {}
    }

    @Test func `turned off by a reload it takes away what waits, and turned on it shows that again`()
        async throws
    {
        let (household, dunst, display) = try await Self.withDunst(choosing: "Allow")
        let body = try associateBody()
        async let reply = household.ring(body)
        try await Self.displayed(1, in: household)
        for (isOn, count) in [(false, 0), (true, 1), (false, 0)] {
            let file = URL(filePath: household.configuration)
            let text = try String(contentsOf: file, encoding: .utf8)
                .replacing("notifier = \(!isOn)", with: "notifier = \(isOn)")
            try Data(text.utf8).write(to: file)
            #expect(try await household.keybell("reload").output == "In force: [approval].\n")
            try await Self.displayed(count, in: household)
        }
        try await household.daemon.prints("nothing shows it: the notifier is off")
        let status = try await household.keybell("status").output
        #expect(status.contains("built-in notifier is off"), "\(status)")
        let question = try await Porter(household).question()
        #expect(try await household.keybell("allow", question.code).status == 0)
        #expect(try await reply.json["Success"] as? Bool == true)
        withExtendedLifetime((dunst, display)) {}
    }

    @Test func `closing it is no answer`() async throws {
        let (household, dunst, display) = try await Self.withDunst(choosing: "Allow")
        let body = try associateBody()
        async let reply = household.ring(body)
        try await Self.displayed(1, in: household)
        _ = try await household.run("dunstctl", "close-all")
        let question = try await Porter(household).question()
        #expect(try await household.keybell("allow", question.code).status == 0)
        #expect(try await reply.json["Success"] as? Bool == true)
        withExtendedLifetime((dunst, display)) {}
    }
}

extension String {
    fileprivate func trimming() -> String {
        String(drop { $0.isWhitespace }.prefix { !$0.isWhitespace })
    }
}
