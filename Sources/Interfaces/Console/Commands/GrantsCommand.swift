// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import DBus
import DisplayText

/// `keybell grants`: what a client gets without a question.
struct GrantsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grants",
        abstract: "List what clients were allowed or denied for longer than once."
    )

    @ArgumentParser.Argument(
        help: "The client's Id or shown name; without one, all.",
        completion: Completions.clients
    )
    var client: String?

    @OptionGroup var output: JSONOption

    func run() async throws {
        let interface = ClientsInterface.description
        let answer = try await DaemonBus.connect().call(
            interface,
            ClientsInterface.grants,
            [.string(client ?? "")]
        )
        let grants = dictionaries(answer)
        guard !output.json else {
            Output.json(.array(grants.map { JSON(members: $0) }))
            return
        }
        guard !grants.isEmpty else {
            let who = client.map { PlainText.name($0) + " is" } ?? "All clients are"
            return Output.line("\(who) asked about each time.")
        }
        for line in Self.lines(grants, now: Moment.now(), namesClients: client == nil) { Output.line(line) }
    }

    static func lines(_ grants: [[String: Value]], now: UInt64, namesClients: Bool = false) -> [String] {
        typealias Key = ClientsInterface.GrantKey
        return Columns.lines(
            grants.map { grant in
                let expires = grant.number(Key.expires)
                let cells: [String] = [
                    grant.cleanText(Key.key), grant.cleanText(Key.decision), grant.cleanText(Key.kind),
                    Self.place(grant), grant.cleanText(Key.vault), grant.cleanText(Key.scope),
                    [grant.name(Key.program), grant.quoted(Key.origin)].filter { !$0.isEmpty }
                        .joined(separator: " "),
                    expires == 0 ? "" : "ends " + Moment.left(until: expires, now: now),
                ]
                return namesClients ? [grant.clientName(Key.client, shown: Key.clientName)] + cells : cells
            }
        )
    }

    /// The logins that a grant by name or uuid is for: by their titles, by their uuids where those aren't known now.
    private static func entries(_ grant: [String: Value]) -> String {
        typealias Key = ClientsInterface.GrantKey
        let uuids = texts(grant[Key.entries])
        let titles = texts(grant[Key.titles])
        let names = zip(uuids, titles + uuids.dropFirst(titles.count).map { _ in "" }).map { uuid, title in
            title.isEmpty ? PlainText.field(uuid) : PlainText.quoted(title, limit: 40)
        }
        guard !names.isEmpty else { return "by name or uuid" }
        let named = 3
        let more = names.count > named ? " and \(names.count - named) more" : ""
        return "by name: " + names.prefix(named).joined(separator: ", ") + more
    }

    private static func texts(_ value: Value?) -> [String] { (value?.asArray ?? []).compactMap(\.asString) }

    /// Where a grant holds: `https://a.example, to b.example`.
    private static func place(_ grant: [String: Value]) -> String {
        typealias Key = ClientsInterface.GrantKey
        let host = grant[Key.host]?.asString.map { PlainText.host($0) } ?? ""
        guard !host.isEmpty else { return entries(grant) }
        let scheme = grant.cleanText(Key.scheme)
        let target = grant[Key.submitHost]?.asString.map { PlainText.host($0) } ?? ""
        // One whose host isn't of the Internet has its scheme already; an old grant has none.
        let page = scheme.isEmpty || host.contains("://") ? host : "\(scheme)://\(host)"
        return target.isEmpty ? page : "\(page), to \(target)"
    }
}
