// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DisplayText

/// `keybell client associate`: has a new key accepted.
struct ClientAssociateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "associate",
        abstract: "Make a key for scripts and have it allowed by you."
    )

    @OptionGroup var options: ClientOptions

    func run() async throws {
        let client = try await ScriptClient.make(options)
        if let id = try await client.workingId() {
            return Output.line("\(PlainText.cleaned(id)) has a key that works already.")
        }
        let id = try await client.associate(proposing: options.id).id
        Output.line("Associated as \(PlainText.cleaned(id)).")
    }
}
