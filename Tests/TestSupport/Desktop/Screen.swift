// SPDX-License-Identifier: Apache-2.0

/// A screen that nobody sees, with a window manager on it and a hand at mouse and keyboard.
package final class Screen: Sendable {
    /// A window that a person could see.
    package struct Window: Sendable, Equatable {
        /// The X server's number of it, which another program's window may have when this one is gone.
        let id: String
        /// The id of the process that shows it, or nil where it doesn't say.
        let process: Int?
        let x: Int
        let y: Int
        let width: Int
        let height: Int

        /// Whether this is that window, wherever it stands now.
        package func isSame(as other: Window) -> Bool { id == other.id && process == other.process }
    }

    /// What a program needs in its environment to show itself in this session.
    package let environment: [String: String]
    private let display: XvfbDisplay
    private let manager: ChildProcess

    /// What puts the windows in their places.
    package enum Manager: Sendable {
        case openbox
        case kwin
    }

    /// Starts a display and a window manager on it, for a session on this bus.
    ///
    /// - Parameters:
    ///   - bus: The session's bus.
    ///   - settings: More environment.
    ///   - manager: The window manager.
    /// - Throws: `MissingProgram`, or `TimedOut` where one of them doesn't come up.
    package init(
        on bus: PrivateBus,
        _ settings: [String: String] = [:],
        manager: Manager = .openbox
    ) async throws {
        let program: (name: String, debian: String) =
            manager == .openbox ? ("openbox", "openbox") : ("kwin_x11", "kwin-x11")
        for (name, package) in [("Xvfb", "xvfb"), program, ("xdotool", "xdotool")] {
            try MissingProgram.check("/usr/bin/" + name, debian: package)
        }
        display = try await XvfbDisplay(size: "1024x768x24")
        environment = bus.environment.merging(display.environment) { $1 }.merging(settings) { $1 }
        switch manager {
        case .openbox:
            self.manager = try ChildProcess(
                program.name,
                ["--startup", "echo managing"],
                environment: environment
            )
            try await self.manager.prints("managing")
        case .kwin:
            self.manager = try ChildProcess(program.name, environment: environment)
            _ = try await bus.owner(of: "org.kde.KWin", within: .seconds(60))
        }
    }

    deinit {
        manager.kill()
    }

    /// Waits for a window.
    ///
    /// - Parameters:
    ///   - search: how xdotool finds it, as `["--class", "zenity"]`.
    ///   - limit: how long to wait.
    /// - Returns: the window as it stands now.
    /// - Throws: `TimedOut`.
    package func window(_ search: [String], within limit: Duration = .seconds(20)) async throws -> Window {
        try await eventually("a window \(search)", within: limit) { try await self.windows(search).last }
    }

    /// Waits until there is no such window any more.
    package func isGone(_ search: [String], within limit: Duration = .seconds(20)) async throws {
        try await eventually("the going of \(search)", within: limit) {
            try await self.windows(search).isEmpty ? () : nil
        }
    }

    /// The windows of this kind that can be seen now.
    package func windows(_ search: [String]) async throws -> [Window] {
        let found = try await xdotool(["search", "--onlyvisible"] + search).output
        var windows: [Window] = []
        for id in found.split(whereSeparator: \.isWhitespace).map(String.init) {
            let looks = ["getwindowgeometry", "--shell", id, "getwindowpid", id]
            var values: [String: Int] = [:]
            for line in try await xdotool(looks).output.split(whereSeparator: \.isNewline) {
                let pair = line.split(separator: "=")
                // What stands alone is the process's id.
                values[pair.count == 2 ? String(pair[0]) : "PROCESS"] = Int(pair[pair.count - 1])
            }
            // One that has gone between the two questions has no place; small ones are icons for a tray.
            guard let x = values["X"], let y = values["Y"], let width = values["WIDTH"],
                let height = values["HEIGHT"], width > 32
            else { continue }
            windows.append(
                Window(id: id, process: values["PROCESS"], x: x, y: y, width: width, height: height)
            )
        }
        return windows
    }

    /// Clicks with the left button, so far from the window's lower right corner.
    package func click(_ window: Window, fromRight right: Int, fromBottom bottom: Int) async throws {
        let (x, y) = (window.x + window.width - right, window.y + window.height - bottom)
        try await xdotool(["mousemove", "\(x)", "\(y)", "click", "1"])
    }

    /// Presses keys, as xdotool names them, in a window that is brought to the front first.
    package func press(_ keys: [String], in window: Window) async throws {
        try await xdotool(["windowactivate", "--sync", window.id, "key", "--delay", "40"] + keys)
    }

    /// Presses keys in whatever has the keyboard.
    package func press(_ keys: [String]) async throws {
        try await xdotool(["key", "--delay", "40"] + keys)
    }

    /// Types into whatever has the keyboard, such as a menu that takes it for itself.
    package func type(_ text: String, then key: String) async throws {
        try await xdotool(["type", "--delay", "40", text])
        try await xdotool(["key", key])
    }

    @discardableResult
    private func xdotool(_ arguments: [String]) async throws -> ChildProcess.Report {
        try await ChildProcess.run("xdotool", arguments, environment: environment, within: .seconds(20))
    }
}

/// Looks again and again until there is something: for what tells nobody when it changes, such as windows.
///
/// - Parameters:
///   - what: a name for it, for the error.
///   - limit: how long to look at most.
///   - look: gives the result, or nil to look again; each look is a program that is run, so this doesn't spin.
/// - Returns: what `look` gave.
/// - Throws: `TimedOut`, or what `look` throws.
package func eventually<Result: Sendable>(
    _ what: String,
    within limit: Duration = .seconds(20),
    _ look: () async throws -> Result?
) async throws -> Result {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if let result = try await look() { return result }
    }
    throw TimedOut(description: what)
}
