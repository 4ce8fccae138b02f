// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Audit
import BusInterface
import DBus
import DisplayText

/// `keybell forget`: ends grants.
struct ForgetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Forget a grant, so that you are asked again.",
        discussion:
            "With --all and a client, all of that one's; with --all alone, those of all clients. You are asked once more; a script, whose input is no terminal, is not."
    )

    @ArgumentParser.Argument(help: "The client's Id or shown name.", completion: Completions.clients)
    var client: String?

    @ArgumentParser.Argument(
        help: "The grant's key, as `keybell grants` lists it.",
        completion: Completions.grants
    )
    var key: String?

    @Flag(help: "Forget all grants, of the client or of all.")
    var all = false

    func validate() throws {
        guard all ? key == nil : client != nil && key != nil else {
            throw ValidationError("Name a client and the grant's key, or use --all without a key.")
        }
    }

    func run() async throws {
        let daemon = try await DaemonBus.connect()
        guard all else {
            // What can't be listed can be forgotten.
            let grants = (try? await grants(daemon)) ?? []
            try await Interruption.telling(Self.sent) { [client, key] () async throws(ConsoleError) in
                try await Self.forget(client ?? "", key ?? "", daemon)
            }
            return Output.text(Self.told(key ?? "", client ?? "", among: grants))
        }
        let grants = try await grants(daemon)
        guard !grants.isEmpty else { return Output.text("There is nothing to forget.") }
        let count = Amount.of(grants.count, "grant")
        guard Output.confirm("Forget \(count), so that you are asked again?") ?? true else {
            throw ConsoleError.refused("Nothing was forgotten.")
        }
        try await Interruption.telling(Self.sent) { () async throws(ConsoleError) in
            try await BatchRun.each(of: grants) { (grant) async throws(ConsoleError) in
                typealias Key = ClientsInterface.GrantKey
                try await Self.forget(
                    grant[Key.client]?.asString ?? "",
                    grant[Key.key]?.asString ?? "",
                    daemon
                )
            }
        }
        Output.text("Forgotten: \(count).")
    }

    private static let sent = "what is to be forgotten"

    private func grants(_ daemon: DaemonBus) async throws(ConsoleError) -> [[String: Value]] {
        dictionaries(
            try await daemon.call(
                ClientsInterface.description,
                ClientsInterface.grants,
                [.string(client ?? "")]
            )
        )
    }

    /// What was forgotten.
    static func told(_ key: String, _ client: String, among grants: [[String: Value]]) -> String {
        typealias Key = ClientsInterface.GrantKey
        let grant = grants.first { $0[Key.key]?.asString == key }
        let what = grant.map { grant in
            [
                grant.cleanText(Key.decision), AuditRecord.granted(grant.cleanText(Key.kind)),
                GrantsCommand.place(grant),
            ]
            .filter { !$0.isEmpty }.joined(separator: " ")
        }
        return "Forgotten for \(PlainText.name(client)): \(what ?? PlainText.name(key))."
    }

    private static func forget(_ client: String, _ key: String, _ daemon: DaemonBus)
        async throws(ConsoleError)
    {
        try await daemon.call(
            ClientsInterface.description,
            ClientsInterface.forget,
            texts: [client, key],
            timeout: RevokeCommand.timeout
        )
    }
}
