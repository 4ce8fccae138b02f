// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface

/// `keybell unlock`: opens vaults.
struct UnlockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlock",
        abstract: "Unlock a vault, or all of them.",
        discussion: "The keyring's own prompt, or pinentry, asks for the password."
    )

    @Argument(help: "The vault's name; without one, all.")
    var vault: String?

    /// As long as a person may take to type a password, several times.
    private static let patience = Duration.seconds(600)

    func run() async throws {
        let interface = VaultsInterface.description
        try await DaemonBus.connect().call(
            interface,
            VaultsInterface.unlock,
            texts: [vault ?? ""],
            timeout: Self.patience
        )
        Output.line(vault.map { "\(TerminalText.clean($0)) is unlocked." } ?? "All vaults are unlocked.")
    }
}
