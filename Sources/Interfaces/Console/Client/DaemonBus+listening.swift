// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus
import Glibc
import Linux

extension DaemonBus {
    /// The unique name of the person's own daemon, which the bus starts if need be.
    ///
    /// That is who has its name on the session bus: a process of our user that sees the same processes and mounts as
    /// we do or, where we have mounts of our own, as a hardened unit has, as the bus does. So it is in no sandbox or
    /// container, whatever one may own on the bus.
    ///
    /// The bus names the process that made the connection. That is a proxy's where a sandbox talks through one, and that number
    /// may be another process's by now where a child in a sandbox keeps the connection: so the process also has to bear
    /// the daemon's name, which a program in a sandbox can't give to one outside.
    ///
    /// - Returns: It; nil where no daemon is on this bus.
    /// - Throws: Why what has its name isn't it.
    func trustedOwner() async throws(ConsoleError) -> String? {
        do throws(DBusError) {
            if try await bus.owner(of: KeybellBus.name) == nil { _ = try await state(of: KeybellBus.name) }
            guard let owner = try await bus.owner(of: KeybellBus.name) else { return nil }
            let process = try await bus.credentials(of: owner)
            guard process.uid == getuid(), await isOutside(process.pid) else {
                throw DBusError.failed(
                    "What calls itself Keybell on the session bus runs in a sandbox or a container, or this command does; "
                        + "nothing was sent."
                )
            }
            guard ProcessTable.status(of: process.pid)?.command == Self.command else {
                throw DBusError.failed(
                    "What calls itself Keybell on the session bus doesn't run as \(Self.command); nothing was sent."
                )
            }
            guard process.isConfirmed(by: try await bus.credentials(of: owner)) else { return nil }
            return owner
        } catch {
            guard !error.saysAbsent else { return nil }
            throw ConsoleError(error)
        }
    }

    /// The sockets on which the person's own daemon says that it listens, by the kernel's numbers.
    ///
    /// - Returns: Them; nil where no daemon is on this bus.
    /// - Throws: Why they aren't told.
    func listeningSockets() async throws(ConsoleError) -> Set<UInt64>? {
        guard let owner = try await trustedOwner() else { return nil }
        do throws(DBusError) {
            guard let sockets = try await state(of: owner)?.sockets else {
                throw DBusError.failed(
                    "This Keybell can't say where it listens: restart the daemon if it is older than this command."
                )
            }
            return sockets
        } catch {
            guard !error.saysAbsent else { return nil }
            throw ConsoleError(error)
        }
    }

    /// The kernel's name for the daemon's process, which it tells also of one that forbids to be looked at.
    private static let command = "keybelld"

    /// Whether a process is in no sandbox that we aren't in, and the bus isn't in.
    private func isOutside(_ pid: Int32) async -> Bool {
        if ProcessTable.shareView(pid, getpid()) { return true }
        // A bus that doesn't say which process it is vouches for nobody.
        guard let ours = try? await bus.credentials(of: "org.freedesktop.DBus") else { return false }
        return ProcessTable.shareView(pid, ours.pid)
    }

    /// What a connection says of the configuration.
    private func state(of name: String) async throws(DBusError) -> ConfigurationDetails? {
        guard let path = ObjectPath(ConfigurationInterface.path) else { return nil }
        let answer = try await bus.call(
            name,
            path,
            ConfigurationInterface.name,
            ConfigurationInterface.state.name,
            // A start waits for the keyring, and a look at the file for the disk.
            timeout: .seconds(25)
        )
        return ConfigurationDetails(answer.first?.vardict)
    }
}
