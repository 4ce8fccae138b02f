// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import DisplayText

/// `keybell revoke`: takes a client's key away.
struct RevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Delete a client's key and its grants."
    )

    @Argument(help: "The client's Id.")
    var client: String

    func run() async throws {
        let interface = ClientsInterface.description
        try await DaemonBus.connect().call(interface, ClientsInterface.revoke, texts: [client])
        Output.line("\(PlainText.name(client)) has no key any more.")
    }
}
