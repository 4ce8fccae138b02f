// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus
import Kernel

/// Checks what is on the session bus: the daemon and the notifier.
enum BusCheck {
    /// The daemon, if it runs.
    static func daemon(_ bus: DaemonBus) async -> DaemonProcess? {
        guard let owner = await bus.owner(), let process = await process(of: owner, on: bus.bus) else {
            return nil
        }
        return process
    }

    /// The process behind a bus name; nil where the bus can't tell.
    static func process(of name: String, on bus: BusConnection) async -> DaemonProcess? {
        guard let pid = try? await bus.credentials(of: name).pid else { return nil }
        return DaemonProcess(pid: pid, executable: ProcessTable.executable(of: pid) ?? "")
    }

    static func finding(_ daemon: DaemonProcess?) -> Finding {
        guard let daemon else {
            return .warning(
                "Daemon",
                "isn't running",
                do:
                    "Start it with `systemctl --user enable --now keybell.socket keybell.service`, or run keybelld."
            )
        }
        let executable = daemon.executable.isEmpty ? "" : " (\(daemon.executable))"
        return .ok("Daemon", "runs as process \(daemon.pid)\(executable)")
    }

    // MARK: - Notifier

    private static let notifications = "org.freedesktop.Notifications"

    /// Whether requests can be shown, and with buttons.
    static func notifier(_ bus: BusConnection, isOff: Bool) async -> [Finding] {
        guard !isOff else {
            return [
                .ok(
                    "Notifications",
                    "turned off in the configuration; answer with `keybell watch` or an agent"
                )
            ]
        }
        let information: [Value]
        let capabilities: [Value]
        do throws(DBusError) {
            let path: ObjectPath = "/org/freedesktop/Notifications"
            information = try await bus.call(notifications, path, notifications, "GetServerInformation")
            capabilities = try await bus.call(notifications, path, notifications, "GetCapabilities")
        } catch {
            return [
                .warning(
                    "Notifications",
                    "no notification server answers (\(error.message))",
                    do:
                        "Requests are answered with `keybell watch` or `keybell allow CODE`; or start one, such as dunst."
                )
            ]
        }
        let name = information.prefix(3).compactMap(\.asString).joined(separator: " ")
        let features = (capabilities.first?.asArray ?? []).compactMap(\.asString)
        return [finding(server: name, capabilities: features)]
    }

    static func finding(server: String, capabilities: [String]) -> Finding {
        let known = capabilities.sorted().joined(separator: ", ")
        guard capabilities.contains("actions") else {
            return .warning(
                "Notifications",
                "\(server) has no buttons (it can: \(known))",
                do: "Notifications say the code; answer with `keybell allow CODE` or `keybell watch`."
            )
        }
        return .ok("Notifications", "\(server) with buttons (it can: \(known))")
    }
}
