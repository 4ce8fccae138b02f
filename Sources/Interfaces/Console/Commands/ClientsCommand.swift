// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import DBus

/// `keybell clients`: who has a key.
struct ClientsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clients",
        abstract: "List the clients that have a key."
    )

    @OptionGroup var output: JSONOption

    func run() async throws {
        let clients = try await DaemonBus.connect().clients()
        guard !output.json else {
            Output.json(.array(clients.map { JSON(members: $0) }))
            return
        }
        guard !clients.isEmpty else {
            Output.text("No client has a key yet. A program that associates shows up as a request.")
            return
        }
        for line in Self.lines(clients, now: Moment.now()) { Output.text(line) }
    }

    static func lines(_ clients: [[String: Value]], now: UInt64) -> [String] {
        typealias Key = ClientsInterface.Key
        let rows = clients.map { client -> [String] in
            let used = client.number(Key.lastUsed)
            let named = client.quoted(Key.extensionName)
            let program = [
                client.name(Key.program), client.quoted(Key.origin), named.isEmpty ? "" : "(\(named))",
            ].filter { !$0.isEmpty }
            var row = [
                client.clientName(Key.id, shown: Key.name),
                client.cleanText(Key.fingerprint),
                "made " + Moment.ago(client.number(Key.created), now: now),
                used == 0 ? "not used yet" : "used " + Moment.day(used, now: now),
                program.joined(separator: " "),
            ]
            if let restriction = client.restriction { row.append("sees only " + restriction) }
            return row
        }
        return Columns.lines(rows)
    }
}
