// SPDX-License-Identifier: Apache-2.0

/// A screen that nobody sees, for programs that need one.
package final class XvfbDisplay: Sendable {
    /// The display's name, as `:7`.
    package let name: String
    private let server: ChildProcess

    /// Starts an X server on the first free display.
    package init(size: String = "1280x800x24") async throws {
        server = try ChildProcess(
            "Xvfb",
            // Without "-r" a key whose release comes late, on a busy machine, is typed several times.
            ["-displayfd", "1", "-screen", "0", size, "-nolisten", "tcp", "-noreset", "-r"]
        )
        name = ":" + (try await server.firstLine())
        // What the layout lacks xdotool types by changing the layout for a moment, which a busy program misses: this
        // has “ö” and all of ASCII.
        _ = try await ChildProcess.run("setxkbmap", ["de", "nodeadkeys"], environment: environment)
    }

    deinit {
        server.kill()
    }

    /// What a program needs in its environment to show itself there.
    package var environment: [String: String] { ["DISPLAY": name] }
}
