// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface

/// `keybell forget`: ends a grant.
struct ForgetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Forget a grant, so that you are asked again."
    )

    @Argument(help: "The client's Id.")
    var client: String

    @Argument(help: "The grant's key, as `keybell grants` lists it.")
    var key: String

    func run() async throws {
        let interface = ClientsInterface.description
        try await DaemonBus.connect().call(
            interface,
            ClientsInterface.forget,
            texts: [client, key]
        )
        Output.line("Forgotten.")
    }
}
