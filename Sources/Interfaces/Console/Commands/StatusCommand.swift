// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import ConcurrencyTools
import DBus
import DisplayText

/// `keybell status`: the state of everything, on one screen.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show vaults, clients, agents and what waits."
    )

    @OptionGroup var output: JSONOption

    func run() async throws {
        let daemon = try await DaemonBus.connect()
        let vaults = try await daemon.vaults(starts: false)
        let agents = try await daemon.agents(starts: false)
        let requests = try await daemon.requests(starts: false)
        let queued = try await daemon.queuedCount()
        let now = Moment.now()
        let muting = try await daemon.recentRequests(starts: false).filter { $0.mutedUntil ?? 0 > now }
        // A locked keyring doesn't keep the rest from being shown.
        let clients = await Result { () async throws(ConsoleError) in
            try await daemon.clients(starts: false)
        }
        let count = clients.map(\.count)
        let restricted = Self.restricted(among: clients)
        let configuration = await daemon.configuration().details
        guard !output.json else {
            Output.json(
                .object([
                    ("vaults", .array(vaults.map { JSON(members: $0) })),
                    ("clients", Self.number(of: count)),
                    ("restricted", .array(restricted.map { .string($0.cleanText(ClientsInterface.Key.id)) })),
                    ("requests", .array(requests.map(\.json))),
                    ("queued", .number(UInt64(queued))), ("mutes", .array(muting.map(Self.mute))),
                    ("agents", .array(agents.map { JSON(members: $0) })),
                    ("configuration", configuration?.json ?? .null),
                ])
            )
            return
        }
        var rows: [[String]] = []
        for (index, vault) in vaults.enumerated() {
            rows.append([index == 0 ? "Vaults" : "", Self.line(vault: vault)])
        }
        rows.append(["Clients", Self.line(clients: count)])
        rows += restricted.map { ["", RestrictCommand.told($0)] }
        rows.append(["Waiting", Self.line(waiting: requests.count, queued: queued)])
        for (index, request) in muting.enumerated() {
            rows.append([index == 0 ? "Muted" : "", RequestsCommand.mute(of: request, now: now) ?? ""])
        }
        for (index, agent) in agents.enumerated() {
            rows.append([index == 0 ? "Agents" : "", Self.line(agent: agent)])
        }
        if let line = Self.line(agents: agents.count, isNotifierOn: configuration?.isNotifierOn ?? true) {
            rows.append([agents.isEmpty ? "Agents" : "Notifier", line])
        }
        for (index, remark) in (configuration?.remarks ?? []).enumerated() {
            rows.append([index == 0 ? "Configuration" : "", "\(remark.text). \(remark.cure)"])
        }
        for line in Columns.lines(rows) { Output.text(line) }
    }

    /// A mute, for programs.
    private static func mute(_ request: RequestDetails) -> JSON {
        .object([
            ("code", .string(request.code)), ("programs", .array(request.muted.map { .string($0) })),
            ("until", request.mutedUntil.map { .number($0) } ?? .null),
            ("denied-unseen", .number(UInt64(request.unseen))),
        ])
    }

    /// The clients that don't see everything.
    private static func restricted(
        among clients: Result<[[String: Value]], ConsoleError>
    ) -> [[String: Value]] {
        switch clients {
        case .success(let clients): clients.filter { $0.restriction != nil }
        // It is said that they aren't known.
        case .failure: []
        }
    }

    private static func number(of clients: Result<Int, ConsoleError>) -> JSON {
        switch clients {
        case .success(let count): .number(UInt64(count))
        case .failure: .null
        }
    }

    static func line(clients: Result<Int, ConsoleError>) -> String {
        switch clients {
        case .success(let count): String(count)
        case .failure(let error): "not known. \(error.text)"
        }
    }

    static func line(waiting count: Int, queued: Int) -> String {
        guard count > 0 || queued > 0 else { return "nothing" }
        let more = queued > 0 ? ", and \(queued) more that will be shown when it is their turn" : ""
        return Amount.of(count, "request") + ": `keybell requests`" + more
    }

    static func line(vault: [String: Value]) -> String {
        typealias Key = VaultsInterface.Key
        let state =
            vault[Key.locked]?.asBool ?? false
            ? "locked" : "open, " + Amount.of(Int(clamping: vault.number(Key.entries)), "login")
        let nameless = Int(clamping: vault.number(Key.withoutUUID))
        let note = nameless > 0 ? ", \(nameless) without a uuid of their own in the file" : ""
        let trouble = vault.cleanText(Key.trouble)
        // First, for it is what there is to lose.
        let unkept = vault.cleanText(Key.unkept)
        var warning = unkept.isEmpty ? "" : ": \(unkept)"
        if !trouble.isEmpty {
            warning += (warning.isEmpty ? ": served" : " It is served") + " as it was before. \(trouble)"
        }
        let line = "\(vault.cleanText(Key.name)) (\(vault.cleanText(Key.kind)), \(state)\(note))\(warning)"
        let kept = (vault[Key.kept]?.asArray ?? []).compactMap { $0.asString.map { PlainText.cleaned($0) } }
        guard !kept.isEmpty else { return line }
        return line + (warning.isEmpty ? ". " : " ")
            + "\(KeptSavesText.sentence(kept)) \(KeptSavesText.cure(vault.cleanText(Key.name)))"
    }

    /// What to say about what shows requests besides the agents; nil for nothing.
    static func line(agents count: Int, isNotifierOn: Bool) -> String? {
        guard !isNotifierOn else { return count == 0 ? "none beside the built-in notifier" : nil }
        let rest = "answered with `keybell watch`, or `keybell requests` and `keybell allow CODE`"
        return count == 0
            ? "none, and the built-in notifier is off, so that nothing shows requests: they are \(rest)"
            : "the built-in notifier is off: what the agents don't show is \(rest)"
    }

    static func line(agent: [String: Value]) -> String {
        typealias Key = ApprovalInterface.Agent
        let exclusive = agent[Key.exclusive]?.asBool ?? false
        // An older daemon doesn't say.
        let hasShown = agent[Key.shown]?.asBool ?? true
        let unconfirmed = " for what it confirms that it shows, which is nothing so far"
        return "\(agent.quoted(Key.name)) (\(agent.name(Key.executable)))"
            + (exclusive ? ", instead of notifications" + (hasShown ? "" : unconfirmed) : "")
    }
}
