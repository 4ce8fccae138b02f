// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import DBus
import DisplayText

/// `keybell revoke`: takes a client's key away.
struct RevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Delete a client's key and its grants.",
        discussion: "With --all you are asked once more; a script, whose input is no terminal, is not."
    )

    @ArgumentParser.Argument(help: "The client's Id or shown name.", completion: Completions.clients)
    var client: String?

    @Flag(help: "Delete the keys of all clients.")
    var all = false

    func validate() throws {
        guard let client else {
            guard all else { throw ValidationError("Name a client, or use --all.") }
            return
        }
        guard !all else {
            throw ValidationError(
                "--all is for all clients: leave it out, or the name \(PlainText.name(client))."
            )
        }
    }

    func run() async throws {
        let daemon = try await DaemonBus.connect()
        if let client {
            try await Interruption.telling(Self.sent) { () async throws(ConsoleError) in
                try await Self.revoke(client, daemon)
            }
            return Output.text("\(PlainText.name(client)) has no key any more.")
        }
        let ids = try await daemon.clients().compactMap { $0[ClientsInterface.Key.id]?.asString }
        guard !ids.isEmpty else { return Output.text("No client has a key.") }
        let keys = ids.count == 1 ? "the key of the one client" : "the keys of all \(ids.count) clients"
        guard Output.confirm("Delete \(keys), with what they were granted?") ?? true else {
            throw ConsoleError.refused("Nothing was deleted.")
        }
        try await Interruption.telling(Self.sent) { () async throws(ConsoleError) in
            try await BatchRun.each(of: ids) { (id) async throws(ConsoleError) in
                try await Self.revoke(id, daemon)
                Output.text("\(PlainText.name(id)) has no key any more.")
            }
        }
    }

    private static let sent = "the revocation"

    /// A keyring that hangs is waited for several times.
    static let timeout = Duration.seconds(60)

    private static func revoke(_ client: String, _ daemon: DaemonBus) async throws(ConsoleError) {
        try await daemon.call(
            ClientsInterface.description,
            ClientsInterface.revoke,
            texts: [client],
            timeout: timeout
        )
    }
}
