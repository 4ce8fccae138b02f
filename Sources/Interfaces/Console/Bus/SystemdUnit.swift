// SPDX-License-Identifier: Apache-2.0

import Linux

/// What the person's systemd says of a unit.
struct SystemdUnit: Equatable, Sendable {
    /// Whether systemd has it: `loaded`, `not-found` and so on.
    let load: String
    /// What it does: `active`, `failed` and so on.
    let active: String
    /// How it ended: `success`, or why it failed, as `resources` or `service-start-limit-hit`.
    let result: String
    /// The ports that it listens on.
    let ports: Set<Int>

    private static let timeout = Duration.seconds(10)
    /// Longer than keybell.service may take to stop (TimeoutStopSec).
    static let stopTimeout = Duration.seconds(60)

    /// Asks for one; nil where there is no systemd of this user.
    static func find(_ name: String) async -> SystemdUnit? {
        let properties = "--property=LoadState,ActiveState,Result,Listen"
        guard let text = await output(["systemctl", "--user", "show", properties, name]) else { return nil }
        return SystemdUnit(parsing: text)
    }

    /// Reads the lines of `systemctl show`.
    init?(parsing text: String) {
        var values: [String: String] = [:]
        var ports: Set<Int> = []
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { continue }
            values[parts[0]] = parts[1]
            // Listen=127.0.0.1:19455 (Stream), a line for each
            if parts[0] == "Listen", let address = parts[1].split(separator: " ").first,
                let port = address.split(separator: ":").last.flatMap({ Int($0) })
            {
                ports.insert(port)
            }
        }
        guard let load = values["LoadState"], let active = values["ActiveState"] else { return nil }
        (self.load, self.active, self.ports) = (load, active, ports)
        result = values["Result"] ?? ""
    }

    /// Whether `systemctl --user` with these words did what it was told.
    static func systemctl(_ words: [String]) async -> Bool {
        let limit = words.first == "stop" ? stopTimeout : timeout
        return await output(["systemctl", "--user"] + words, within: limit) != nil
    }

    private static func output(_ arguments: [String], within limit: Duration = timeout) async -> String? {
        // Not there is the same as no systemd, and one that doesn't answer can't be asked.
        let output = try? await ChildProgram.output(of: arguments, limit: 65_536, within: limit)
        guard let output, output.ending == .exited(0) else { return nil }
        return String(decoding: output.bytes, as: UTF8.self)
    }
}
