// SPDX-License-Identifier: Apache-2.0

import Approval
import DBus
import TestSupport
import Testing

/// The real dunst on a screen that nobody sees.
@Suite(.serialized, .timeLimit(.minutes(2))) struct DunstTests {
    /// dunst with a menu that always takes the same line.
    final class Dunst: Sendable {
        private let bus: PrivateBus
        private let environment: [String: String]
        private let daemon: ChildProcess

        init(on bus: PrivateBus, display: XvfbDisplay, choosing label: String = "Allow") async throws {
            self.bus = bus
            environment = bus.environment.merging(display.environment) { $1 }
            let menu = try bus.folder.write("menu-\(label)", "#!/bin/sh\ngrep '^#\(label)'\n")
            let mode = try await ChildProcess.run("chmod", ["700", menu])
            #expect(mode.status == 0)
            let configuration = try bus.folder.write(
                "dunstrc-\(label)",
                "[global]\n    dmenu = \(menu)\n"
            )
            daemon = try ChildProcess(
                "dunst",
                ["-config", configuration, "-print"],
                environment: environment
            )
            _ = try await bus.owner(of: FakeServer.name)
        }

        /// Waits until it shows this text.
        func shows(_ text: String) async throws {
            try await daemon.prints(text)
        }

        /// What it has shown so far.
        var output: String { daemon.soFar.output }

        func control(_ arguments: String...) async throws -> String {
            try await ChildProcess.run("dunstctl", arguments, environment: environment).output
        }

        /// Opens its menu until that has given an answer.
        ///
        /// dunst prints what it is told before it has it on the screen, and has no action for what isn't there yet.
        func act(until answer: Task<Answer, Never>) async throws {
            let isDone = Observed(false)
            let waiting = Task {
                _ = await answer.value
                isDone.update { $0 = true }
            }
            defer { waiting.cancel() }
            for _ in 0..<600 where !isDone.now { _ = try await control("action", "0") }
        }

        /// Waits until nothing is on the screen; dunst tells of that to nobody but the one who asked for it.
        func isEmpty() async throws {
            while try await control("count", "displayed").contains("0") == false {}
        }

        /// Ends it; it has left the bus when this returns.
        func stop() async throws {
            let connection = try await bus.connect()
            let owners = try await connection.owners(of: FakeServer.name)
            daemon.kill()
            for await owner in owners where owner == nil { break }
            await connection.close()
        }
    }

    @Test(arguments: [("Allow", true), ("Deny", false)])
    func `a request appears with its code and a button answers it`(label: String, isAllowed: Bool)
        async throws
    {
        let display = try await XvfbDisplay()
        let bus = try await PrivateBus()
        let dunst = try await Dunst(on: bus, display: display, choosing: label)
        let session = try await Session(on: bus)
        let answer = session.ask()
        let code = try await session.code()
        try await dunst.shows("keybell allow \(code)")
        try await dunst.act(until: answer)
        #expect(
            await answer.value
                == (isAllowed ? .allowed(Choices(id: "firefox"), code: code) : .denied(Choices()))
        )
        try await session.end()
    }

    @Test func `a notification goes from the screen when the request is answered elsewhere`()
        async throws
    {
        let display = try await XvfbDisplay()
        let bus = try await PrivateBus()
        let dunst = try await Dunst(on: bus, display: display)
        let session = try await Session(on: bus)
        let answer = session.ask()
        let code = try await session.code()
        try await dunst.shows(code)
        try await session.desk.answer(code: code, decision: .allow, through: .notifier)
        try await dunst.isEmpty()
        #expect(await answer.value == .allowed(Choices(id: "firefox"), code: code))
        try await session.end()
    }

    @Test func `a notification that is dismissed leaves its request waiting`() async throws {
        let display = try await XvfbDisplay()
        let bus = try await PrivateBus()
        let dunst = try await Dunst(on: bus, display: display)
        let session = try await Session(on: bus)
        let answer = session.ask()
        let code = try await session.code()
        try await dunst.shows(code)
        _ = try await dunst.control("close")
        try await dunst.isEmpty()
        // dunst tells of the closing before it shows the next one.
        let other = session.ask(host: "gitlab.com")
        try await dunst.shows("gitlab.com")
        #expect(await session.desk.pending().map(\.code).first == code)
        try await session.end()
        #expect(await answer.value == .withdrawn)
        #expect(await other.value == .withdrawn)
    }

    @Test func `dunst started anew shows the requests that wait`() async throws {
        let display = try await XvfbDisplay()
        let bus = try await PrivateBus()
        let session = try await Session(on: bus)
        let old = try await Dunst(on: bus, display: display)
        let answer = session.ask()
        let code = try await session.code()
        try await old.shows(code)
        try await old.stop()
        let new = try await Dunst(on: bus, display: display)
        try await new.shows(code)
        _ = try await new.control("action", "0")
        #expect(await answer.value == .allowed(Choices(id: "firefox"), code: code))
        try await session.end()
    }

    @Test func `markup in what a client claims is shown as text`() async throws {
        let display = try await XvfbDisplay()
        let bus = try await PrivateBus()
        let dunst = try await Dunst(on: bus, display: display)
        let session = try await Session(on: bus)
        let answer = session.ask(host: "<b>a</b>&amp;.example")
        try await dunst.shows("&lt;b&gt;a&lt;/b&gt;&amp;amp;.example")
        try await session.end()
        #expect(await answer.value == .withdrawn)
    }
}
