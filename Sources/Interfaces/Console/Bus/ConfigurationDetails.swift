// SPDX-License-Identifier: Apache-2.0

import BusInterface
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

extension DaemonBus {
    /// How its configuration stands; nil where it can't tell.
    func configurationState() async -> ConfigurationDetails? {
        // A daemon that doesn't run, or is older than this command, has nothing to say about it.
        let answer = try? await call(
            ConfigurationInterface.description,
            ConfigurationInterface.state,
            timeout: .seconds(15),
            starts: false
        )
        return ConfigurationDetails(answer?.first?.vardict)
    }
}
