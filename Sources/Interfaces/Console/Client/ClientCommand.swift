// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `keybell client`: a client of the protocol, for scripts.
struct ClientCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client",
        abstract: "Ask for logins and save them, as a program does.",
        discussion: """
            A script is a client like any other: you are asked before it gets anything. Its key is kept in your \
            keyring, as an item of schema org.keybell.OwnKey.

            Exit codes: 0 done, 1 refused (by you, or since a vault or the keyring is locked, or there is no key that \
            Keybell knows: the message says which), 2 wrong usage, 3 the daemon isn't there, 4 nothing found.
            """,
        subcommands: [
            ClientAssociateCommand.self, ClientLoginsCommand.self, ClientGetCommand.self,
            ClientSearchCommand.self, ClientCodeCommand.self, ClientSaveCommand.self,
            ClientGenerateCommand.self,
        ]
    )
}

/// Where the daemon is, and as whom to speak to it.
struct ClientOptions: ParsableArguments {
    @Option(help: "The daemon's port; else the one that it serves on, or that of the configuration.")
    var port: UInt16?

    @Option(help: "The configuration file; else what the running daemon has in force, or the usual file.")
    var config: String?

    @Option(
        help:
            "Whose key to use (for associate: the Id to ask for); else the first made that Keybell still knows.",
        completion: Completions.ownClients
    )
    var id: String?

    func validate() throws {
        guard id.map({ !$0.trimmed.isEmpty }) ?? true else { throw ValidationError("The Id is empty.") }
    }
}
