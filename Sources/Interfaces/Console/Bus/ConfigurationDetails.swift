// SPDX-License-Identifier: Apache-2.0

import BusInterface
import ConcurrencyTools
import DBus
import DisplayText

/// How the configuration that the daemon goes by stands to its file.
struct ConfigurationDetails: Equatable, Sendable {
    /// The file.
    var file: String
    /// Whether what is in force is what the file says now.
    var isCurrent: Bool
    /// What is wrong with the file; empty where nothing is.
    var problem = ""
    /// The keys whose new values take effect after a restart.
    var afterRestart: [String] = []
    /// Where the daemon serves, and the keyring that it uses; nil where an older daemon doesn't say.
    var serving: ServingSettings?
    /// The sockets that it listens on, by the kernel's numbers; nil where an older daemon doesn't say.
    var sockets: Set<UInt64>?
    /// Whether the built-in notifier shows requests.
    var isNotifierOn = true
    /// Whether what the daemon starts has a display for its windows; nil where an older daemon doesn't say.
    var hasDisplay: Bool?
    /// Who is asked about; nil where an older daemon doesn't say, or a newer one says what isn't known here.
    var access: AccessRules?
    /// The settings that do nothing as they are, each with what to do.
    var useless: [String] = []

    /// What the person should know of it, each with what to do; nothing where the file is in force.
    var remarks: [(text: String, cure: String)] {
        var remarks: [(text: String, cure: String)] = []
        if !problem.isEmpty {
            remarks.append(
                (
                    "keybelld goes by what the file said before: \(problem)",
                    "Correct it and run `keybell reload`."
                )
            )
        } else if !isCurrent {
            remarks.append(("\(file) has changed since keybelld read it", "Run `keybell reload`."))
        }
        if !afterRestart.isEmpty {
            let keys = afterRestart.joined(separator: ", ")
            let isPort = afterRestart.contains("http.port")
            remarks.append(
                (
                    "keybelld takes up \(keys) as \(file) has it when it is started again"
                        + (isPort ? ", and listens on its former port until then" : ""),
                    "Restart it: `systemctl --user restart keybell`."
                        + (isPort ? " Where systemd holds the port, run `keybell socket` before." : "")
                )
            )
        }
        return remarks
    }
}

extension ConfigurationDetails {
    init?(_ details: [String: Value]?) {
        typealias Key = ConfigurationInterface.Key
        guard let details, let isCurrent = details[Key.current]?.asBool else { return nil }
        self.init(
            file: details.cleanText(Key.file),
            isCurrent: isCurrent,
            problem: details.cleanText(Key.problem),
            afterRestart: (details[Key.afterRestart]?.asStrings ?? []).map(PlainText.cleaned),
            serving: ServingSettings(details),
            sockets: details[Key.sockets]?.asArray.map { Set($0.compactMap(\.asUInt64)) },
            isNotifierOn: details[Key.notifier]?.asBool ?? true,
            hasDisplay: details[Key.display]?.asBool,
            access: AccessRules(details),
            useless: (details[Key.useless]?.asStrings ?? []).map(PlainText.cleaned)
        )
    }

    var json: JSON {
        .object([
            ("file", .string(file)), ("current", .bool(isCurrent)),
            ("problem", problem.isEmpty ? .null : .string(problem)),
            ("after-restart", .array(afterRestart.map { .string($0) })), ("notifier", .bool(isNotifierOn)),
        ])
    }
}

/// What the daemon says of its configuration.
enum ConfigurationAnswer: Equatable, Sendable {
    /// How it stands.
    case state(ConfigurationDetails)
    /// The daemon waits for it to be mended.
    case unconfigured
    /// No daemon runs, or it is older than this command, or doesn't answer.
    case unknown

    init(_ answer: Result<[Value], DBusError>) {
        switch answer {
        case .success(let body):
            self = ConfigurationDetails(body.first?.vardict).map { .state($0) } ?? .unknown
        case .failure(let error):
            self = error.name == KeybellBusError.unconfigured ? .unconfigured : .unknown
        }
    }

    /// How it stands, where that is known.
    var details: ConfigurationDetails? {
        if case .state(let details) = self { details } else { nil }
    }
}

extension DaemonBus {
    /// What it says of its configuration; `starts` says whether the bus may start it for that.
    func configuration(starts: Bool = false) async -> ConfigurationAnswer {
        guard let path = ObjectPath(ConfigurationInterface.path) else { return .unknown }
        return ConfigurationAnswer(
            await Result { () async throws(DBusError) in
                try await bus.call(
                    KeybellBus.name,
                    path,
                    ConfigurationInterface.name,
                    ConfigurationInterface.state.name,
                    timeout: .seconds(15),
                    noAutoStart: !starts
                )
            }
        )
    }
}
