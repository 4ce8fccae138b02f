// SPDX-License-Identifier: Apache-2.0

/// A screen with a window manager, and a person's hands: for programs that are used by their windows.
package final class Desktop: Sendable {
    private let display: XvfbDisplay
    private let manager: ChildProcess

    /// Starts both.
    package init() async throws {
        display = try await XvfbDisplay()
        manager = try ChildProcess("openbox", environment: display.environment)
    }

    deinit {
        manager.kill()
    }

    /// The display's name, as `:7`.
    package var name: String { display.name }
    /// What a program needs in its environment to show itself there.
    package var environment: [String: String] { display.environment }

    /// Waits for a window.
    ///
    /// - Parameters:
    ///   - search: How `xdotool search` finds it.
    ///   - known: A window that isn't meant.
    ///   - limit: How long to wait.
    /// - Returns: Its number.
    /// - Throws: `TimedOut`.
    package func window(
        _ search: [String],
        except known: String? = nil,
        within limit: Duration = .seconds(20)
    ) async throws -> String {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if let window = try await find(search), window != known { return window }
            try await Task.sleep(for: .milliseconds(30))
        }
        throw TimedOut(description: "a window: \(search)")
    }

    /// The newest window that is shown now; nil if there is none.
    package func find(_ search: [String]) async throws -> String? {
        let found = try await tool(["search", "--onlyvisible"] + search)
        return found.output.split(separator: "\n").last.map(String.init)
    }

    /// Waits until no such window is shown.
    package func vanishes(_ search: [String], within limit: Duration = .seconds(1)) async throws {
        let end = ContinuousClock.now + limit
        while try await find(search) != nil {
            guard ContinuousClock.now < end else { throw TimedOut(description: "the end of \(search)") }
            try await Task.sleep(for: .milliseconds(30))
        }
    }

    /// Does something until it works: a key that comes before a window has the focus is lost.
    @discardableResult
    package func insisting<Outcome>(_ what: String, _ act: () async throws -> Outcome) async throws -> Outcome
    {
        for _ in 0..<15 {
            do {
                return try await act()
            } catch is TimedOut {
                continue  // once more
            }
        }
        throw TimedOut(description: what)
    }

    /// Gives a window the focus.
    package func activate(_ window: String) async throws {
        _ = try await tool(["windowactivate", "--sync", window])
    }

    /// Presses keys, each named as `Return` or `ctrl+a`.
    package func press(_ keys: String...) async throws {
        _ = try await tool(["key"] + keys)
    }

    /// Types a text.
    package func type(_ text: String) async throws {
        _ = try await tool(["type", "--delay", "5", text])
    }

    /// Clicks at a place in a window.
    package func click(_ window: String, x: Int, y: Int) async throws {
        _ = try await tool(["mousemove", "--window", window, "\(x)", "\(y)", "click", "1"])
    }

    private func tool(_ arguments: [String]) async throws -> ChildProcess.Report {
        try await ChildProcess.run("xdotool", arguments, environment: environment)
    }
}
