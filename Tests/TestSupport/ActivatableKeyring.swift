// SPDX-License-Identifier: Apache-2.0

import DBus
import Foundation

/// A real gnome-keyring that a private bus starts when it is asked to, as on every desktop that has it.
package struct ActivatableKeyring: Sendable {
    /// The session's bus.
    package let bus: PrivateBus
    private let mark: String

    /// Starts a bus that could start it.
    package init() async throws {
        bus = try await PrivateBus()
        mark = bus.folder.path("started")
        let exports = bus.environment.map { "export \($0)='\($1)'" }.joined(separator: "\n")
        let script = try bus.folder.write(
            "start.sh",
            "\(exports)\n: >'\(mark)'\nexec gnome-keyring-daemon --start --foreground --components=secrets\n"
        )
        try bus.folder.write(
            "services/org.freedesktop.secrets.service",
            "[D-BUS Service]\nName=org.freedesktop.secrets\nExec=/bin/sh \(script)\n"
        )
        let connection = try await bus.connect()
        _ = try await connection.call(
            "org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
            "ReloadConfig"
        )
        await connection.close()
    }

    /// Whether the bus has started it.
    package var hasStarted: Bool { FileManager.default.fileExists(atPath: mark) }

    /// Ends it, if the bus has started it.
    package func end() async throws {
        let connection = try await bus.connect()
        if let owner = try await connection.owner(of: "org.freedesktop.secrets") {
            kill(try await connection.credentials(of: owner).pid, SIGKILL)
        }
        await connection.close()
    }
}
