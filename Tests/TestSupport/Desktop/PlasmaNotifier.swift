// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Plasma with its own window manager on a screen that nobody sees: it stacks notifications as far as there is room,
/// above the panel.
package struct PlasmaNotifier: DesktopNotifier {
    private let screen: Screen
    /// What it would have the bus start, which knows nothing of the screen.
    private let helpers: [ChildProcess]
    private let server: ServerProcess

    /// Starts it and waits until it serves.
    ///
    /// - Throws: `MissingProgram`, or `TimedOut` where it doesn't come up.
    package init(on bus: PrivateBus) async throws {
        try MissingProgram.check("/usr/bin/plasmashell", debian: "plasma-desktop")
        let settings = [
            "XDG_CURRENT_DESKTOP": "KDE", "XDG_SESSION_TYPE": "x11", "KDE_FULL_SESSION": "true",
            "KDE_SESSION_VERSION": "5", "KDE_DEBUG": "1", "QT_QUICK_BACKEND": "software",
            "LIBGL_ALWAYS_SOFTWARE": "1", "KWIN_COMPOSE": "N", "DBUS_SYSTEM_BUS_ADDRESS": bus.address,
        ]
        screen = try await Screen(on: bus, settings, manager: .kwin)
        let environment = screen.environment
        let folder = "/usr/share/dbus-1/services/"
        helpers = try ["org.kde.ActivityManager", "org.kde.kglobalaccel"].map { name in
            let service = try String(contentsOfFile: folder + name + ".service", encoding: .utf8)
            let command = service.split(separator: "\n").first { $0.hasPrefix("Exec=") }?.dropFirst(5)
            return try ChildProcess(String(command ?? ""), environment: environment)
        }
        _ = try await bus.owner(of: "org.kde.ActivityManager")
        server = try await ServerProcess(
            "plasmashell",
            environment: screen.environment,
            on: bus,
            within: .seconds(60)
        )
    }

    package func shows(_ count: Int) async throws {
        try await eventually("\(count) notifications of Plasma") {
            try await popups().count == count ? () : nil
        }
    }

    package func press(_ label: String, until isDone: @Sendable () async -> Bool) async throws {
        var seen: [Screen.Window] = []
        try await eventually("what \(label) of Plasma does", within: .seconds(30)) {
            if await isDone() { return () }
            guard let popup = try await popups().first else { return nil }
            // A person reads first, and what is pressed sooner doesn't count.
            try await Task.sleep(for: .milliseconds(300))
            seen = seen.filter { $0 == popup } + [popup]
            guard seen.count > 4 else { return nil }
            seen = []
            try await click(label, of: popup)
            return nil
        }
    }

    package func stop() async throws {
        try await server.stop()
        for helper in helpers { helper.kill() }
    }

    /// The notifications that are drawn, the lowest first.
    package func popups() async throws -> [Screen.Window] {
        // Beside them there are the desktop and the panel, both as wide as the screen.
        try await screen.windows(["--class", "plasmashell"])
            .filter { $0.width < 600 && $0.height > 60 }
            .sorted { $0.y + $0.height > $1.y + $1.height }
    }

    /// Clicks at a button of a notification that has Allow and Deny.
    package func click(_ label: String, of popup: Screen.Window) async throws {
        try await screen.click(popup, fromRight: label == "Allow" ? 86 : 31, fromBottom: 20)
    }

    /// Takes a picture of the screen.
    package func picture(_ path: String) async throws {
        _ = try await ChildProcess.run(
            "import",
            ["-window", "root", path],
            environment: screen.environment
        )
    }
}
