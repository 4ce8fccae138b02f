// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import DisplayText

/// `keybell rename`: changes the name that is shown.
struct RenameCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename",
        abstract: "Change the name under which a client is shown, or its extension.",
        discussion: """
            The client goes on working: the Id that it sends stays. An empty name takes the name away. With --extension \
            it is the browser extension that the client said to be when you let it in that gets the name: Firefox gives \
            one an id of its own in each profile, so that questions can't say which it is.
            """
    )

    @Argument(
        help: "The client's Id, or the name that it is shown under now.",
        completion: Completions.clients
    )
    var client: String

    @Argument(help: "The name to show.")
    var name: String

    @Flag(name: .customLong("extension"), help: "Name the client's browser extension.")
    var isForExtension = false

    func run() async throws {
        let daemon = try await DaemonBus.connect()
        let method = isForExtension ? ClientsInterface.nameExtension : ClientsInterface.rename
        try await Interruption.telling("the new name") { [client, name] () async throws(ConsoleError) in
            try await daemon.call(ClientsInterface.description, method, texts: [client, name])
        }
        Output.text(Self.told(client, name, isForExtension: isForExtension))
    }

    static func told(_ client: String, _ name: String, isForExtension: Bool = false) -> String {
        let who = PlainText.name(client)
        if isForExtension {
            return name.isEmpty
                ? "The extension of \(who) has no name any more."
                : "Questions call the extension of \(who) \(PlainText.quoted(name)) from now on."
        }
        guard !name.isEmpty else { return "\(who) has no other name any more: it is shown under its Id." }
        return "\(who) is shown as \(PlainText.quoted(name))."
    }
}
