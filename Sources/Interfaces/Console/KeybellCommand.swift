// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface

/// `keybell`: the person's side of the daemon.
struct KeybellCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keybell",
        abstract: "Answer programs that ask for logins, and look after their keys.",
        discussion: """
            Programs ask keybelld for logins; you answer, here or on a notification.

            Exit codes: 0 done, 1 refused or not found, 2 wrong usage, 3 the daemon isn't there.
            Those of `keybell client` tell 1, refused, from 4, nothing found.
            """,
        version: KeybellVersion.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Requests",
                subcommands: [
                    StatusCommand.self, RequestsCommand.self, AllowCommand.self, DenyCommand.self,
                    UnmuteCommand.self, WatchCommand.self,
                ]
            ),
            CommandGroup(
                name: "Clients",
                subcommands: [
                    ClientsCommand.self, RenameCommand.self, RestrictCommand.self, RevokeCommand.self,
                    GrantsCommand.self, ForgetCommand.self, ImportClientsCommand.self,
                ]
            ),
            CommandGroup(
                name: "Vaults",
                subcommands: [LockCommand.self, UnlockCommand.self, ImportCommand.self]
            ),
            CommandGroup(
                name: "Setup",
                subcommands: [ReloadCommand.self, SocketCommand.self, CertificateCommand.self]
            ),
            CommandGroup(name: "Help", subcommands: [LogCommand.self, DoctorCommand.self]),
            CommandGroup(name: "Scripts", subcommands: [ClientCommand.self]),
        ]
    )
}

/// The option of every command that prints data.
struct JSONOption: ParsableArguments {
    @Flag(help: "Print JSON.")
    var json = false
}
