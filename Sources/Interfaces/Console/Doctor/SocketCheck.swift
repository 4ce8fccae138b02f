// SPDX-License-Identifier: Apache-2.0

/// Checks systemd's socket: that it is active, and holds the port that the configuration names.
enum SocketCheck {
    static let name = "keybell.socket"

    /// Whether the unit starts the daemon when somebody asks.
    static func startsDaemon(_ unit: SystemdUnit?) -> Bool {
        unit.map { $0.load == "loaded" && $0.active == "active" } ?? false
    }

    /// The port that the unit holds; nil where it holds none, or several.
    static func port(_ unit: SystemdUnit?) -> UInt16? {
        guard let unit, startsDaemon(unit), unit.ports.count == 1 else { return nil }
        return unit.ports.first.flatMap { UInt16(exactly: $0) }
    }

    /// Looks at the unit.
    ///
    /// - Parameters:
    ///   - unit: Its state; nil where there is no systemd of this user.
    ///   - port: The configuration's; nil while that can't be read.
    /// - Returns: What there is to say about it; nil if it isn't installed or isn't used.
    static func finding(_ unit: SystemdUnit?, port: Int?) -> Finding? {
        guard let unit, unit.load == "loaded" else { return nil }
        switch unit.active {
        case "active":
            let held = unit.ports.sorted().map { String($0) }.joined(separator: ", ")
            guard let port, unit.ports != [port] else { return .ok(name, "holds port \(held)") }
            return .failure(
                name,
                "holds port \(held), but the configuration says \(port)",
                do: "Run `keybell socket`: it gives systemd the configuration's port."
            )
        case "failed" where unit.result == "resources":
            return .failure(
                name,
                "has failed: another program or user of this computer has its port",
                do:
                    "Run `keybell socket --own-port`, and set the port that it prints in your browser extension."
            )
        case "failed":
            return .failure(
                name,
                "has failed (\(unit.result)): the port is free for any program",
                do: "Correct what else fails here, then run `keybell socket`, which starts it anew."
            )
        default:
            return nil
        }
    }
}
