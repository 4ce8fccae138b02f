// SPDX-License-Identifier: Apache-2.0

/// A terminal with a program in it, by tmux: a real pty, a screen that can be read, and keys.
package final class TerminalWindow: Sendable {
    private let folder: TemporaryFolder
    private let environment: [String: String]
    private let server: ChildProcess

    /// Opens it and starts a program in it.
    ///
    /// - Parameters:
    ///   - command: the program and its arguments.
    ///   - environment: what the program and tmux find in their environment.
    ///   - width: how many columns it has.
    ///   - height: how many lines.
    /// - Throws: `MissingProgram`, or what keeps it from starting.
    package init(
        _ command: [String],
        environment: [String: String],
        width: Int = 80,
        height: Int = 40
    ) async throws {
        try MissingProgram.check("/usr/bin/tmux", debian: "tmux")
        folder = try TemporaryFolder()
        self.environment = environment
        // What a program has printed can be read after its end, too.
        let settings = try folder.write(
            "tmux.conf",
            "set -g remain-on-exit on\nset -g status off\nset -g default-terminal screen-256color\n"
        )
        // In the foreground, so that it ends with this object at the latest.
        server = try ChildProcess(
            "tmux",
            ["-D", "-S", folder.path("socket"), "-f", settings],
            environment: environment
        )
        let opening = ["new-session", "-d", "-x", "\(width)", "-y", "\(height)"] + command
        try await eventually("a terminal") { try await tmux(opening).status == 0 ? () : nil }
    }

    deinit {
        server.kill()
    }

    /// Waits until the screen has this text on it.
    ///
    /// - Parameters:
    ///   - text: what is to be read.
    ///   - limit: how long to wait.
    /// - Returns: the whole screen.
    /// - Throws: `TimedOut`, with what there is instead.
    @discardableResult
    package func shows(_ text: String, within limit: Duration = .seconds(20)) async throws -> String {
        let last = Observed("")
        do {
            return try await eventually("\(text) in a terminal", within: limit) {
                let screen = try await self.screen()
                last.update { $0 = screen }
                return screen.contains(text) ? screen : nil
            }
        } catch {
            throw TimedOut(description: "\(text) in a terminal that shows: \(last.now)")
        }
    }

    /// What can be read on it now, with the last lines that have gone out at the top: tmux pushes one up at the end.
    ///
    /// - Parameter styled: whether colours and the like are given as escape sequences.
    /// - Returns: its lines.
    /// - Throws: `TimedOut`.
    package func screen(styled: Bool = false) async throws -> String {
        try await tmux(["capture-pane", "-p", "-S", "-40"] + (styled ? ["-e"] : [])).output
    }

    /// Presses keys, by tmux's names for them.
    package func type(_ keys: String...) async throws {
        _ = try await tmux(["send-keys"] + keys)
    }

    /// Makes it larger or smaller.
    package func resize(width: Int, height: Int) async throws {
        _ = try await tmux(["resize-window", "-x", "\(width)", "-y", "\(height)"])
    }

    /// What is in sight.
    ///
    /// - Returns: its lines.
    /// - Throws: `TimedOut`.
    package func visible() async throws -> String {
        try await tmux(["capture-pane", "-p"]).output
    }

    /// Pastes a text.
    ///
    /// - Parameters:
    ///   - text: what was in the clipboard.
    ///   - isMarked: whether the terminal says that it is a paste, where the program has asked for that.
    /// - Throws: `TimedOut`.
    package func paste(_ text: String, isMarked: Bool) async throws {
        _ = try await tmux(["set-buffer", "--", text])
        // -r: line breaks stay as they are.
        _ = try await tmux(["paste-buffer", "-r"] + (isMarked ? ["-p"] : []))
    }

    /// Closes the terminal, as its window's button does: the program is told by SIGHUP.
    package func close() async throws {
        _ = try await tmux(["kill-server"])
    }

    private func tmux(_ arguments: [String]) async throws -> ChildProcess.Report {
        try await ChildProcess.run(
            "tmux",
            ["-N", "-S", folder.path("socket")] + arguments,
            environment: environment
        )
    }
}
