// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus
import DisplayText
import Linux

/// Checks what is on the session bus: the daemon and the notifier.
enum BusCheck {
    /// The daemon, if it is running.
    static func daemon(_ bus: DaemonBus) async -> DaemonProcess? {
        guard let owner = await bus.owner() else { return nil }
        return await process(of: owner, on: bus.bus)
    }

    /// The process behind a bus name; nil where the bus can't tell.
    static func process(of name: String, on bus: BusConnection) async -> DaemonProcess? {
        // A process that has gone, or that the bus can't identify, isn't described.
        guard let pid = try? await bus.credentials(of: name).pid else { return nil }
        return DaemonProcess(
            pid: pid,
            executable: ProcessTable.executable(of: pid) ?? "",
            // Readable for all, unlike its descriptors, its executable and its folder.
            configurationFile: ConfigurationCheck.file(
                in: ProcessTable.commandLine(of: pid),
                folder: ProcessTable.currentFolder(of: pid)
            )
        )
    }

    /// Whether the daemon runs.
    ///
    /// - Parameters:
    ///   - daemon: The daemon; nil where none is on the bus.
    ///   - isUnconfigured: Whether it waits for its configuration to be mended.
    ///   - isStartedByItself: Whether systemd holds its port and starts it when somebody asks.
    /// - Returns: What there is to say.
    static func finding(
        _ daemon: DaemonProcess?,
        isUnconfigured: Bool = false,
        isStartedByItself: Bool = false
    ) -> Finding {
        guard let daemon else {
            guard !isStartedByItself else {
                return .ok("Daemon", "isn't running, and is started when somebody asks")
            }
            return .warning(
                "Daemon",
                "isn't running",
                do:
                    "Start it with `systemctl --user enable --now keybell.socket keybell.service`, or run keybelld."
            )
        }
        let executable = daemon.executable.isEmpty ? "" : " (\(daemon.executable))"
        let text = "runs as process \(daemon.pid)\(executable)"
        guard !isUnconfigured else {
            return .warning(
                "Daemon",
                text + ", and waits for its configuration to be mended",
                do: "Correct the mistake: it begins by itself then."
            )
        }
        return .ok("Daemon", text)
    }

    /// What the daemon says of a vault.
    static func findings(vault: [String: Value]) -> [Finding] {
        [unkept(vault: vault), trouble(vault: vault), finding(vault: vault)].compactMap(\.self)
    }

    /// What would be lost when the daemon ends, or could be after that.
    private static func unkept(vault: [String: Value]) -> Finding? {
        typealias Key = VaultsInterface.Key
        let unkept = vault.cleanText(Key.unkept)
        guard !unkept.isEmpty else { return nil }
        return .failure(
            "Vault \(vault.cleanText(Key.name))",
            unkept,
            do:
                "`df -h` shows which disk is full. Don't stop Keybell before `keybell status` says that it is kept; locking the vault loses nothing."
        )
    }

    /// Why an open vault is served from an older state of its file.
    private static func trouble(vault: [String: Value]) -> Finding? {
        typealias Key = VaultsInterface.Key
        let trouble = vault.cleanText(Key.trouble)
        guard !trouble.isEmpty else { return nil }
        let name = vault.cleanText(Key.name)
        return .failure(
            "Vault \(name)",
            "is served as it was before, and nothing can be saved. \(trouble)",
            do: "Once its file is in order, `keybell unlock \(ShellWord.quoting(name))` reads it anew."
        )
    }

    /// Whether the entries of an open vault all have a uuid of their own.
    static func finding(vault: [String: Value]) -> Finding? {
        typealias Key = VaultsInterface.Key
        let count = Int(clamping: vault.number(Key.withoutUUID))
        guard count > 0 else { return nil }
        return .warning(
            "Vault \(vault.cleanText(Key.name))",
            Amount.of(count, "entry", "entries")
                + " without a uuid of their own, served under one that stands in",
            do: "Nothing need be done: the next save writes these uuids into the file."
        )
    }

    // MARK: - Notifier

    private static let notifications = "org.freedesktop.Notifications"

    /// Whether requests can be shown, and with buttons.
    ///
    /// - Parameters:
    ///   - bus: Where to look.
    ///   - isOff: Whether the configuration turns notifications off.
    ///   - agents: The registered agents; nil while the daemon doesn't run.
    /// - Returns: What was found.
    static func notifier(_ bus: BusConnection, isOff: Bool, agents: [[String: Value]]?) async -> [Finding] {
        guard !isOff else { return [turnedOff(agents: agents)] }
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

    static func turnedOff(agents: [[String: Value]]?) -> Finding {
        typealias Key = ApprovalInterface.Agent
        let subject = "Notifications"
        guard let agents else { return .ok(subject, "turned off in the configuration") }
        let idle = agents.filter { agent in
            let hasShown = agent[Key.shown]?.asBool ?? true
            return !hasShown && agent.number(Key.answered) == 0 && agent.number(Key.expired) > 0
        }
        guard idle.count == agents.count else {
            return .ok(subject, "turned off in the configuration; agents: \(agents.count)")
        }
        let lack = agents.isEmpty ? "no agent is there" : "no agent has said that it shows any request"
        return .warning(
            subject,
            "turned off in the configuration, and \(lack): nothing shows requests",
            do: "Keep `keybell watch` open, start an agent, or set `notifier = true` under [approval]."
        )
    }

    /// How many requests in a row may expire at an agent where others were answered before: nobody may have been there.
    private static let mostExpired: UInt64 = 3

    /// An agent that keeps notifications away, or is there where they are off, and under which every request expires: it
    /// may draw nothing.
    static func finding(agent: [String: Value], isNotifierOff: Bool = false) -> Finding? {
        typealias Key = ApprovalInterface.Agent
        let expired = agent.number(Key.expired)
        let answered = agent.number(Key.answered)
        let isExclusive = agent[Key.exclusive]?.asBool ?? false
        guard isExclusive || isNotifierOff, expired >= (answered == 0 ? 1 : mostExpired) else { return nil }
        let name = PlainText.quoted(agent[Key.name]?.asString ?? "")
        let executable = agent.name(Key.executable)
        return .warning(
            "Agent",
            "\(name) (\(executable)) is there instead of notifications, and the last \(expired) requests that it said it had shown, or could have, expired unanswered",
            do: "If you saw none of them, it draws nothing: end that program"
                + (isNotifierOff
                    ? " and set `notifier = true` under [approval]." : ", and notifications are back.")
                + " `keybell watch` shows what waits."
        )
    }

    /// Servers that take buttons and keep them in a menu.
    private static let menus = ["dunst"]

    static func finding(server: String, capabilities: [String]) -> Finding {
        let known = capabilities.sorted().joined(separator: ", ")
        guard capabilities.contains("actions") else {
            return .warning(
                "Notifications",
                "\(server) has no buttons (it can: \(known))",
                do: "Notifications say the code; answer with `keybell allow CODE` or `keybell watch`."
            )
        }
        if server.hasPrefix("mako") {
            return .ok(
                "Notifications",
                "\(server), whose buttons are in a menu: notifications say the code for `keybell allow CODE`, too; it draws five lines unless its configuration has more for them, such as `[app-name=Keybell]` with `height=250`"
            )
        }
        if menus.contains(where: { server.hasPrefix($0) }) {
            return .ok(
                "Notifications",
                "\(server), whose buttons are in a menu: notifications say the code for `keybell allow CODE`, too"
            )
        }
        return .ok("Notifications", "\(server) with buttons (it can: \(known))")
    }
}
