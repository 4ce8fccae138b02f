// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import DisplayText
import Glibc
import Linux

/// `keybell unlock`: opens vaults.
struct UnlockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlock",
        abstract: "Unlock a vault, all of them, or the keyring.",
        discussion: """
            For a KeePass file the configured password_command is run, or pinentry asks for the password: in a window, \
            or, where there is no display or you are logged in by SSH, in this terminal. Your keyring asks with a prompt \
            of its own. Ctrl-C takes pinentry away.
            """
    )

    @Argument(
        help: "The vault's name, or `keyring` for the keyring itself; without one, all vaults.",
        completion: Completions.vaults
    )
    var vault: String?

    @OptionGroup var output: JSONOption

    func run() async throws {
        let daemon = try await DaemonBus.connect()
        try await daemon.unlock(vault)
        try await report(daemon)
    }

    /// What keeps pinentry from asking in a terminal that another user has opened, as after `su`.
    static func adding(toFailure error: ConsoleError, of terminal: String, vault: String?) -> ConsoleError {
        guard case .refused(let text) = error, !TerminalDevice.mayBeOpened(terminal) else { return error }
        let command = (["keybell", "unlock"] + [vault].compactMap(\.self)).map { ShellWord.quoting($0) }
        let line = ShellWord.quoting(command.joined(separator: " "))
        return .refused(
            "\(text)\npinentry can't ask in this terminal, for it belongs to another user, as after `su`. Log in as yourself, or run: script -qc \(line) /dev/null"
        )
    }

    private func report(_ daemon: DaemonBus) async throws {
        let names = try await daemon.vaults().map { $0.cleanText(VaultsInterface.Key.name) }
        guard vault == VaultsInterface.keyring, !names.contains(VaultsInterface.keyring), !output.json else {
            return try await daemon.printVaults(named: vault, asJSON: output.json)
        }
        Output.text("Your keyring is open: the keys of your clients can be read, and passwords remembered.")
    }
}
