// SPDX-License-Identifier: Apache-2.0

import DBus
import Foundation

/// GNOME Shell without a screen, on a bus of the test's own: it shows one notification at a time, at the top.
///
/// Its unsafe mode lets the test look at what is drawn and move a pointer of its own.
package struct GnomeShellNotifier: DesktopNotifier {
    private static let name = "org.gnome.Shell"
    private static let services = "/usr/share/dbus-1/services/"

    private let shell: ChildProcess
    /// The shell's screen recorder and power menu ask for the machine's logind, which a container has not.
    private let logind: ChildProcess
    private let connection: BusConnection

    /// Starts it and waits until it serves.
    ///
    /// - Throws: `MissingProgram`, or `TimedOut` where it doesn't come up.
    package init(on bus: PrivateBus) async throws {
        try MissingProgram.check("/usr/bin/gnome-shell", debian: "gnome-shell")
        // A program of its own takes the calls and hands them on.
        let service = "org.gnome.Shell.Notifications.service"
        try FileManager.default.copyItem(
            atPath: Self.services + service,
            toPath: bus.services + "/" + service
        )
        connection = try await bus.connect()
        _ = try await connection.call(
            "org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
            "ReloadConfig"
        )
        let environment = bus.environment.merging([
            "DBUS_SYSTEM_BUS_ADDRESS": bus.address, "LIBGL_ALWAYS_SOFTWARE": "1", "NO_AT_BRIDGE": "1",
            "XDG_CURRENT_DESKTOP": "GNOME", "XDG_SESSION_TYPE": "wayland", "GSETTINGS_BACKEND": "memory",
        ]) { $1 }
        logind = try ChildProcess(
            "/usr/bin/python3",
            ["-m", "dbusmock", "--system", "--template", "logind"],
            environment: environment
        )
        _ = try await bus.owner(of: "org.freedesktop.login1")
        shell = try ChildProcess(
            "gnome-shell",
            [
                "--headless", "--virtual-monitor", "1280x720", "--wayland", "--no-x11", "--unsafe-mode",
                "--wayland-display", "keybell-test",
            ],
            environment: environment
        )
        _ = try await bus.owner(of: ServerProcess.name, within: .seconds(60))
        try await shell.prints("GNOME Shell started", within: .seconds(60))
        // It begins with all windows in view and a word about the missing screen lock.
        try await eventually("the desktop of GNOME Shell") {
            try await run("Main.overview.hide(); Main.messageTray.getSources().forEach(s => s.destroy())")
            try await Task.sleep(for: .milliseconds(200))
            return try await evaluate("!Main.overview.visible && !Main.messageTray._notification") == "true"
                ? () : nil
        }
        try await run(
            """
            const { Clutter } = imports.gi;
            Main.testPointer = Clutter.get_default_backend().get_default_seat()
                .create_virtual_device(Clutter.InputDeviceType.POINTER_DEVICE);
            Main.testTitles = [];
            Main.messageTray.connect('source-added', (tray, source) =>
                source.connect('notification-added', (from, added) => Main.testTitles.push(added.title)))
            """
        )
    }

    package func shows(_ count: Int) async throws {
        try await eventually("\(count) notifications of GNOME Shell") {
            let titles = try await titles()
            return titles.count == count ? () : nil
        }
    }

    package func press(_ label: String, until isDone: @Sendable () async -> Bool) async throws {
        try await eventually("what \(label) of GNOME Shell does", within: .seconds(30)) {
            if await isDone() { return () }
            guard try await place(of: label) != nil else { return nil }
            // A person reads first, and what is pressed sooner doesn't count.
            try await Task.sleep(for: .seconds(1))
            if let place = try await place(of: label) { try await click(place) }
            try await Task.sleep(for: .milliseconds(300))
            return nil
        }
    }

    package func stop() async throws {
        shell.kill()
        _ = try await shell.end()
        logind.kill()
        await connection.close()
    }

    /// What Keybell has there, drawn or not.
    package func titles() async throws -> [String] {
        let found = try await evaluate(
            "[].concat(...Main.messageTray.getSources().map(s => s.notifications.map(n => n.title)))"
        )
        return try JSONDecoder().decode([String].self, from: Data(found.utf8))
    }

    /// What it has taken since it was started, also what has gone.
    package func takenTitles() async throws -> [String] {
        let taken = try await evaluate("Main.testTitles")
        return try JSONDecoder().decode([String].self, from: Data(taken.utf8))
    }

    /// The title of the notification that is drawn and has come to rest; nil if there is none.
    package func drawn() async throws -> String? {
        let title = try await evaluate(
            "Main.messageTray._notificationState === 2 ? Main.messageTray._notification.title : ''"
        )
        let text = try JSONDecoder().decode(String.self, from: Data(title.utf8))
        return text.isEmpty ? nil : text
    }

    /// The texts of the notification that are drawn, each with whether some of it is cut off.
    package func drawnTexts() async throws -> [DrawnText] {
        let found = try await evaluate(
            """
            (() => {
                // Lines for which there is no height are left out without a sign.
                const isClipped = label => label.get_preferred_height(label.width)[1] > label.height + 1;
                const find = actor => actor.get_children().flatMap(child => [
                    ...(child instanceof imports.gi.St.Label && child.mapped && child.text
                        ? [{ text: child.text, isCut: child.clutter_text.get_layout().is_ellipsized() || isClipped(child) }]
                        : []),
                    ...find(child)]);
                return find(Main.messageTray._bannerBin);
            })()
            """
        )
        return try JSONDecoder().decode([DrawnText].self, from: Data(found.utf8))
    }

    /// A text on the screen.
    package struct DrawnText: Sendable, Codable, Equatable {
        /// All of it.
        package let text: String
        /// Whether there was no room for all of it.
        package let isCut: Bool
    }

    /// Where the middle of a button is; nil if it isn't drawn.
    package func place(of label: String) async throws -> Point? {
        let found = try await evaluate(
            """
            (() => {
                const find = actor => actor.get_children().flatMap(child => {
                    const [x, y] = child.get_transformed_position();
                    const [width, height] = child.get_transformed_size();
                    const isMeant = child instanceof imports.gi.St.Button && child.mapped && child.label === '\(label)';
                    return [...(isMeant ? [{ x: x + width / 2, y: y + height / 2 }] : []), ...find(child)];
                });
                return Main.messageTray._notificationState === 2 ? find(Main.messageTray) : [];
            })()
            """
        )
        return try JSONDecoder().decode([Point].self, from: Data(found.utf8)).first
    }

    /// A place on the screen.
    package struct Point: Sendable, Codable {
        /// From the left.
        package let x: Double
        /// From the top.
        package let y: Double

        /// A place above this one.
        package func moved(up distance: Double) -> Point {
            Point(x: x, y: y - distance)
        }
    }

    /// Clicks with the left button.
    package func click(_ point: Point) async throws {
        try await run(
            """
            const now = imports.gi.GLib.get_monotonic_time();
            const { PRESSED, RELEASED } = imports.gi.Clutter.ButtonState;
            Main.testPointer.notify_absolute_motion(now, \(point.x), \(point.y));
            Main.testPointer.notify_button(now, 1, PRESSED);
            Main.testPointer.notify_button(now + 1000, 1, RELEASED)
            """
        )
    }

    /// Takes a picture of the screen.
    package func picture(_ path: String) async throws {
        _ = try await connection.call(
            Self.name,
            "/org/gnome/Shell/Screenshot",
            "org.gnome.Shell.Screenshot",
            "Screenshot",
            [.boolean(false), .boolean(false), .string(path)]
        )
    }

    private func run(_ script: String) async throws {
        _ = try await evaluate(script + "; 0")
    }

    /// What a script in the shell comes to, as JSON.
    private func evaluate(_ script: String) async throws -> String {
        let answer = try await connection.call(
            Self.name,
            "/org/gnome/Shell",
            Self.name,
            "Eval",
            [.string(script)]
        )
        guard answer.first == .boolean(true), let text = answer.dropFirst().first?.asString else {
            throw TimedOut(description: "an answer of GNOME Shell: \(answer)")
        }
        return text
    }
}
