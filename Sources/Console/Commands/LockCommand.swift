// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface

/// `keybell lock`: closes vaults.
struct LockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Lock a vault, or all of them."
    )

    @Argument(help: "The vault's name; without one, all.")
    var vault: String?

    func run() async throws {
        let interface = VaultsInterface.description
        try await DaemonBus.connect().call(interface, VaultsInterface.lock, texts: [vault ?? ""])
        Output.line(vault.map { "\(TerminalText.clean($0)) is locked." } ?? "All vaults are locked.")
    }
}
