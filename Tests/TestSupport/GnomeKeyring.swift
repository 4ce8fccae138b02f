// SPDX-License-Identifier: Apache-2.0

import DBus

/// A real gnome-keyring on a private bus, its default collection unlocked.
package final class GnomeKeyring: Sendable {
    private let daemon: ChildProcess
    private let bus: PrivateBus
    /// What the collection opens with.
    package let password: String

    /// Starts it and waits until it serves.
    ///
    /// - Parameters:
    ///   - bus: where it serves; its files are in that bus's folders.
    ///   - password: what the collection opens with; the collection is made with it if there is none yet. Without
    ///     one, as where nobody has logged in to a desktop, there is no collection.
    ///   - replacing: whether it takes the place of one that runs; it may not serve yet then.
    /// - Throws: `TimedOut` where it doesn't come up.
    package init(on bus: PrivateBus, password: String? = "demopass", replacing: Bool = false) async throws {
        self.bus = bus
        self.password = password ?? ""
        // All of its input is the password, so nothing may follow it.
        daemon = try ChildProcess(
            "gnome-keyring-daemon",
            (replacing ? ["--replace"] : []) + (password == nil ? [] : ["--unlock"])
                + ["--components=secrets", "--foreground"],
            environment: bus.environment,
            input: password ?? ""
        )
        _ = try await bus.owner(of: "org.freedesktop.secrets")
    }

    deinit {
        daemon.kill()
    }

    /// Its process.
    package var pid: Int32 { daemon.pid }

    /// Ends it, as a crash of the provider would, and waits until it is gone.
    package func stop() async throws {
        daemon.kill()
        _ = try await daemon.end()
    }

    /// Locks the default collection.
    package func lock() async throws {
        try await callForDefault("Lock")
    }

    /// Opens the default collection where that has no password: no prompt comes.
    package func openWithoutPassword() async throws {
        try await callForDefault("Unlock")
    }

    private func callForDefault(_ member: String) async throws {
        let connection = try await bus.connect()
        _ = try await connection.call(
            "org.freedesktop.secrets",
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service",
            member,
            [.array("o", [.objectPath("/org/freedesktop/secrets/aliases/default")])]
        )
        await connection.close()
    }
}
