// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `keybell client associate`: has a new key accepted.
struct ClientAssociateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "associate",
        abstract: "Make a key for scripts and have it allowed by you."
    )

    @OptionGroup var options: ClientOptions

    func run() async throws {
        let client = try await ScriptClient.make(options)
        try await client.associate(proposing: options.id)
    }
}
