// SPDX-License-Identifier: Apache-2.0

import Approval
import ArgumentParser
import Audit
import BusInterface
import DBus
import DisplayText
import Operations

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
        let daemon = try await DaemonBus.connect()
        let answer = try await daemon.call(
            interface,
            ClientsInterface.grants,
            [.string(client ?? "")]
        )
        let grants = dictionaries(answer)
        guard !output.json else {
            Output.json(.array(grants.map { JSON(members: $0) }))
            return
        }
        // Nothing is said about it if the daemon can't tell, since what its file says may not be what is in force.
        let rules = await daemon.configuration().details?.access
        guard !grants.isEmpty else {
            for line in Self.withoutGrants(client, id: await Self.id(client, daemon), rules) {
                Output.text(line)
            }
            return
        }
        for line in Self.lines(grants, now: Moment.now(), namesClients: client == nil) { Output.text(line) }
        guard let rules else { return }
        for note in Self.notes(client, id: await Self.id(client, daemon), rules) { Output.note(note) }
    }

    /// The Id of a client that may be shown under another name; `[[client]]` goes by the Id.
    private static func id(_ name: String?, _ daemon: DaemonBus) async -> String? {
        guard let name else { return nil }
        // It has just listed this one's grants; otherwise what was typed will do.
        let clients = (try? await daemon.clients(starts: false)) ?? []
        typealias Key = ClientsInterface.Key
        return clients.first { $0.cleanText(Key.name) == name }?.cleanText(Key.id) ?? name
    }

    /// What applies if nothing was granted; without the rules, only that nothing was.
    static func withoutGrants(_ client: String?, id: String?, _ rules: AccessRules?) -> [String] {
        guard let rules else {
            return ["Nothing was allowed or denied for longer than once."]
        }
        let who = client.map { PlainText.name($0) + " is" } ?? "All clients are"
        let rule = rules[id]
        let first =
            switch rule {
            case .unlessGranted, .always: "\(who) asked about each time."
            case .granted, .never: note(client, rule) ?? ""
            }
        return [first] + (client == nil ? exceptions(rules) : [])
    }

    /// What makes grants mean something else than they do by default.
    static func notes(_ client: String?, id: String?, _ rules: AccessRules) -> [String] {
        let notes = [note(client, rules[id])].compactMap(\.self)
        return notes + (client == nil ? exceptions(rules) : [])
    }

    /// The clients that have other rules than the rest.
    private static func exceptions(_ rules: AccessRules) -> [String] {
        rules.exceptions.sorted { $0.key < $1.key }.compactMap { id, rule in
            guard rule != rules.standard else { return nil }
            return note(id, rule) ?? "\(PlainText.name(id)) is asked about what it wasn't granted."
        }
    }

    private static func note(_ client: String?, _ rule: AccessRules.Ask) -> String? {
        let who = client.map { PlainText.name($0) } ?? "every client"
        return switch rule {
        case .unlessGranted: nil
        case .always:
            "The configuration has \(who) asked about each time, whatever was granted (ask = \"always\")."
        case .granted:
            "The configuration lets \(who) have what was granted and nothing else (ask = \"granted\")."
        case .never: "The configuration lets \(who) have logins without asking you (ask = \"never\")."
        }
    }

    static func lines(_ grants: [[String: Value]], now: UInt64, namesClients: Bool = false) -> [String] {
        typealias Key = ClientsInterface.GrantKey
        return Columns.lines(
            grants.map { grant in
                let expires = grant.number(Key.expires)
                let cells: [String] = [
                    grant.cleanText(Key.key), grant.cleanText(Key.decision),
                    AuditRecord.granted(grant.cleanText(Key.kind)),
                    Self.place(grant), grant.cleanText(Key.vault), grant.cleanText(Key.scope),
                    [Wording.program(grant.cleanText(Key.program)), grant.quoted(Key.origin)].filter {
                        !$0.isEmpty
                    }
                    .joined(separator: " "),
                    grant[Key.undeleted]?.asBool ?? false
                        ? "forgotten, but not yet deleted from the keyring: forget it again"
                        : expires == 0 ? "" : "ends " + Moment.left(until: expires, now: now),
                ]
                return namesClients ? [grant.clientName(Key.client, shown: Key.clientName)] + cells : cells
            }
        )
    }

    /// The logins that a grant is for: by title, or by uuid if the title isn't known now; empty if it is for all of a
    /// host.
    private static func entries(_ grant: [String: Value]) -> String {
        typealias Key = ClientsInterface.GrantKey
        let uuids = texts(grant[Key.entries])
        let titles = texts(grant[Key.titles])
        let names = zip(uuids, titles + uuids.dropFirst(titles.count).map { _ in "" }).map { uuid, title in
            title.isEmpty ? PlainText.field(uuid) : PlainText.quoted(title, limit: 40)
        }
        let named = 3
        let more = names.count > named ? " and \(names.count - named) more" : ""
        return names.prefix(named).joined(separator: ", ") + more
    }

    private static func texts(_ value: Value?) -> [String] { (value?.asArray ?? []).compactMap(\.asString) }

    /// Where a grant holds, and for which logins: `https://a.example, to b.example: “mail”`.
    static func place(_ grant: [String: Value]) -> String {
        typealias Key = ClientsInterface.GrantKey
        let host = grant[Key.host]?.asString.map { $0.isEmpty ? "" : PlainText.place($0) } ?? ""
        let entries = entries(grant)
        guard !host.isEmpty else { return entries.isEmpty ? "by name or uuid" : "by name: \(entries)" }
        let scheme = grant.cleanText(Key.scheme)
        let target = grant[Key.submitHost]?.asString.map { $0.isEmpty ? "" : PlainText.place($0) } ?? ""
        // A host that isn't an Internet host has its scheme already; an old grant has none.
        let page = scheme.isEmpty || host.contains("://") ? host : "\(scheme)://\(host)"
        return (target.isEmpty ? page : "\(page), to \(target)") + (entries.isEmpty ? "" : ": \(entries)")
    }
}
