// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import DisplayText

/// `keybell rename`: changes the name that is shown.
struct RenameCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename",
        abstract: "Change the name under which a client is shown.",
        discussion:
            "The client goes on working: the Id that it sends stays. An empty name takes the name away."
    )

    @Argument(
        help: "The client's Id, or the name that it is shown under now.",
        completion: Completions.clients
    )
    var client: String

    @Argument(help: "The name to show.")
    var name: String

    func run() async throws {
        let daemon = try await DaemonBus.connect()
        try await Interruption.telling("the new name") { [client, name] () async throws(ConsoleError) in
            let interface = ClientsInterface.description
            try await daemon.call(interface, ClientsInterface.rename, texts: [client, name])
        }
        Output.text(Self.told(client, name))
    }

    static func told(_ client: String, _ name: String) -> String {
        let who = PlainText.name(client)
        guard !name.isEmpty else { return "\(who) has no other name any more: it is shown under its Id." }
        return "\(who) is shown as \(PlainText.quoted(name))."
    }
}
