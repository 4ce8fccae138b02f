// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface

/// `keybell unlock`: opens vaults.
struct UnlockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlock",
        abstract: "Unlock a vault, or all of them.",
        discussion: """
            For a KeePass file the configured password_command is run, or pinentry asks for the password; for the \
            keyring, its own prompt. They appear in the session that keybelld runs in.
            """
    )

    @Argument(help: "The vault's name; without one, all.")
    var vault: String?

    @OptionGroup var output: JSONOption

    /// As long as a person may take to type a password, several times.
    private static let patience = Duration.seconds(600)

    func run() async throws {
        let daemon = try await DaemonBus.connect()
        try await daemon.call(
            VaultsInterface.description,
            VaultsInterface.unlock,
            texts: [vault ?? ""],
            timeout: Self.patience
        )
        try await daemon.printVaults(named: vault, asJSON: output.json)
    }
}
