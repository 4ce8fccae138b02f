// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import DBus
import DisplayText

/// `keybell reload`: has the daemon read its configuration anew.
struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Put what changed in the configuration in force.",
        discussion: """
            Open vaults, waiting questions and connections stay. With a mistake in the file the configuration before it \
            stays in force, and this says where the mistake is and exits with 1. What takes a restart is named.
            """
    )

    @OptionGroup var output: JSONOption

    func run() async throws {
        let daemon = try await DaemonBus.connect()
        let answer = try await daemon.call(
            ConfigurationInterface.description,
            ConfigurationInterface.reload,
            timeout: .seconds(60),
            starts: false
        )
        let (changed, waiting) = (Self.texts(answer.first), Self.texts(answer.last))
        let useless = await daemon.configuration().details?.useless ?? []
        guard !output.json else {
            return Output.json(
                .object([
                    ("changed", .array(changed.map { .string($0) })),
                    ("after-restart", .array(waiting.map { .string($0) })),
                    ("useless", .array(useless.map { .string($0) })),
                ])
            )
        }
        Output.text(
            changed.isEmpty
                ? "Nothing else to put in force." : "In force: \(changed.joined(separator: ", "))."
        )
        if !waiting.isEmpty { Output.text(Self.line(afterRestart: waiting)) }
        for setting in useless { Output.note(setting) }
    }

    /// What takes a restart, and how that is done.
    static func line(afterRestart keys: [String]) -> String {
        let list = keys.joined(separator: ", ")
        let verb = keys.count == 1 ? "This takes effect" : "These take effect"
        let cure =
            keys.contains("http.port")
            ? " Where systemd holds the port, `keybell socket` gives it the new one." : ""
        return "\(verb) after a restart of keybelld: \(list).\(cure)"
    }

    private static func texts(_ value: Value?) -> [String] {
        (value?.asStrings ?? []).map(PlainText.cleaned)
    }
}
