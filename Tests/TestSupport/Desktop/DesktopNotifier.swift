// SPDX-License-Identifier: Apache-2.0

import DBus
import Foundation

/// A notification server of some desktop, started for real, and a person in front of it.
package protocol DesktopNotifier: Sendable {
    /// Waits until so many notifications can be seen.
    func shows(_ count: Int) async throws

    /// Waits until a notification is there and presses the button with this label, again if that had no effect.
    func press(_ label: String, until isDone: @Sendable () async -> Bool) async throws

    /// Ends it, as a crash would; it has left the bus when this returns.
    func stop() async throws
}

/// The notification servers that Debian has and that run without a desktop around them.
package enum DesktopNotifierKind: String, Sendable, CaseIterable, CustomStringConvertible {
    case xfce = "xfce4-notifyd"
    case mate = "mate-notification-daemon"
    case gnomeFlashback = "notification-daemon"
    case lxqt = "lxqt-notificationd"
    case mako = "mako"
    case dunst = "dunst"

    package var description: String { rawValue }

    /// What the server calls itself.
    package var product: String {
        switch self {
        case .xfce: "Xfce Notify Daemon"
        case .mate, .gnomeFlashback: "Notification Daemon"
        case .lxqt, .mako, .dunst: rawValue
        }
    }

    /// Whether it draws the buttons; the others keep them in a menu.
    package var drawsButtons: Bool {
        switch self {
        case .xfce, .mate, .gnomeFlashback, .lxqt: true
        case .mako, .dunst: false
        }
    }

    /// The program and the Debian package that brings it.
    var program: (path: String, debian: String) {
        switch self {
        case .xfce: (Self.library("/xfce4/notifyd/xfce4-notifyd"), "xfce4-notifyd")
        case .mate: ("/usr/lib/mate-notification-daemon/mate-notification-daemon", "mate-notification-daemon")
        case .gnomeFlashback: ("/usr/lib/notification-daemon/notification-daemon", "notification-daemon")
        case .lxqt: ("/usr/bin/lxqt-notificationd", "lxqt-notificationd")
        case .mako: ("/usr/bin/mako", "mako-notifier")
        case .dunst: ("/usr/bin/dunst", "dunst")
        }
    }

    /// Starts it on a bus, with a screen of its own, and waits until it serves.
    ///
    /// - Parameters:
    ///   - bus: where it serves.
    ///   - settings: more environment.
    /// - Returns: the server, with a hand at it.
    /// - Throws: `MissingProgram`, or `TimedOut` where it doesn't come up.
    package func start(
        on bus: PrivateBus,
        settings: [String: String] = [:]
    ) async throws -> any DesktopNotifier {
        try MissingProgram.check(program.path, debian: program.debian)
        return switch self {
        case .xfce, .mate, .gnomeFlashback, .lxqt: try await WindowNotifier(self, on: bus, settings)
        case .mako: try await MakoNotifier(on: bus)
        case .dunst: try await DunstNotifier(on: bus)
        }
    }

    /// A path under the folder of this machine's libraries.
    private static func library(_ path: String) -> String {
        #if arch(arm64)
            "/usr/lib/aarch64-linux-gnu" + path
        #else
            "/usr/lib/x86_64-linux-gnu" + path
        #endif
    }
}

/// The process of a notification server.
struct ServerProcess: Sendable {
    static let name = "org.freedesktop.Notifications"

    let child: ChildProcess
    private let bus: PrivateBus

    /// Starts it and waits until it has the name.
    init(
        _ program: String,
        _ arguments: [String] = [],
        environment: [String: String],
        on bus: PrivateBus,
        within limit: Duration = .seconds(20)
    ) async throws {
        self.bus = bus
        child = try ChildProcess(program, arguments, environment: environment)
        _ = try await bus.owner(of: Self.name, within: limit)
    }

    /// Ends it; it has left the bus when this returns.
    func stop() async throws {
        let connection = try await bus.connect()
        let owners = try await connection.owners(of: Self.name)
        child.kill()
        for await owner in owners where owner == nil { break }
        await connection.close()
    }
}
