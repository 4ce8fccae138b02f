// SPDX-License-Identifier: Apache-2.0

import Approval
import ArgumentParser
import BusInterface

/// `keybell lock`: closes vaults.
struct LockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Lock a vault, or all of them.",
        discussion: """
            Keybell forgets the passwords that it holds, and what was allowed for this session. A KeePass file then \
            takes its password again; your keyring itself stays as it is. Requests that wait for logins of the vault are \
            withdrawn.
            """
    )

    @Argument(help: "The vault's name; without one, all.", completion: Completions.vaults)
    var vault: String?

    @OptionGroup var output: JSONOption

    func run() async throws {
        let daemon = try await DaemonBus.connect()
        let waiting = try await daemon.requests(starts: false)
        try await Interruption.telling("the lock") { [vault] () async throws(ConsoleError) in
            let interface = VaultsInterface.description
            try await daemon.call(interface, VaultsInterface.lock, texts: [vault ?? ""])
        }
        try await daemon.printVaults(named: vault, asJSON: output.json)
        guard !output.json, !waiting.isEmpty else { return }
        let withdrawn = try await daemon.recentRequests(starts: false).filter { request in
            request.outcome == .withdrawn && waiting.contains { $0.code == request.code }
        }
        for request in withdrawn { Output.text("Withdrawn \(request.code): \(request.title)") }
    }
}
