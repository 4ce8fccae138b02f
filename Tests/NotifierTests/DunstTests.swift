// SPDX-License-Identifier: Apache-2.0

import Approval
import DBus
import TestSupport
import Testing

/// The real dunst on a screen that nobody sees: what it alone tells of itself.
///
/// The rest is in `DesktopNotifierTests`.
@Suite(.serialized, .timeLimit(.minutes(2))) struct DunstTests {
    /// dunst, which says what it shows.
    final class Dunst: Sendable {
        private let environment: [String: String]
        private let daemon: ChildProcess

        init(on bus: PrivateBus, display: XvfbDisplay) async throws {
            environment = bus.environment.merging(display.environment) { $1 }
            let configuration = try bus.folder.write("dunstrc", "[global]\n")
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

        func control(_ arguments: String...) async throws -> String {
            try await ChildProcess.run("dunstctl", arguments, environment: environment).output
        }

        /// Waits until nothing is on the screen; dunst tells of that to nobody but the one who asked for it.
        func isEmpty() async throws {
            try await eventually("an empty screen") {
                try await control("count", "displayed").contains("0") ? () : nil
            }
        }
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
        #expect(await session.approvals.pending().map(\.code).first == code)
        try await session.end()
        #expect(await answer.value == .withdrawn)
        #expect(await other.value == .withdrawn)
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
