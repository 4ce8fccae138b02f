// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus
import DisplayText
import Vault

/// The list that an `aa{sv}` is.
func dictionaries(_ answer: [Value]) -> [[String: Value]] {
    (answer.first?.asArray ?? []).compactMap(\.vardict)
}

extension [String: Value] {
    /// A text of the bus, cleaned for a terminal; empty if it isn't there.
    func cleanText(_ key: String) -> String { self[key]?.asString.map(PlainText.cleaned) ?? "" }
    /// An Id, a path or another name of the bus: in quotes unless it is a plain word; empty if it isn't there.
    func name(_ key: String) -> String {
        let text = cleanText(key)
        return text.isEmpty ? "" : PlainText.name(text)
    }
    /// A client's Id with the name that the person has given it, if any.
    func clientName(_ id: String, shown: String) -> String {
        let (id, name) = (name(id), name(shown))
        return name.isEmpty || name == id ? id : "\(id) (\(name))"
    }
    /// What somebody claims, in quotes; empty if it isn't there.
    func quoted(_ key: String) -> String {
        let text = cleanText(key)
        return text.isEmpty ? "" : PlainText.quoted(text)
    }
    /// What a client is restricted to, for a person; nil where it is to nothing.
    var restriction: String? {
        typealias Part = ClientsInterface.Part
        if self[ClientsInterface.Key.unreadable]?.asBool == true {
            return "nothing, for it can't be read: `keybell restrict` sets it anew"
        }
        let lists = [Part.vaults, Part.groups, Part.hosts].map { self[$0]?.asStrings ?? [] }
        guard lists.contains(where: { !$0.isEmpty }) else { return nil }
        return ClientRestriction.words(vaults: lists[0], groups: lists[1], hosts: lists[2])
    }
    /// A number of any unsigned width; 0 if it isn't there.
    func number(_ key: String) -> UInt64 {
        self[key].flatMap { $0.asUInt64 ?? $0.asUInt32.map { UInt64($0) } } ?? 0
    }
}

extension DaemonBus {
    func clients(starts: Bool = true) async throws(ConsoleError) -> [[String: Value]] {
        dictionaries(try await call(ClientsInterface.description, ClientsInterface.list, starts: starts))
    }

    /// The client of an Id, or of a name that just one is shown under.
    func client(_ name: String) async throws(ConsoleError) -> [String: Value] {
        typealias Key = ClientsInterface.Key
        let all = try await clients()
        if let client = all.first(where: { $0[Key.id]?.asString == name }) { return client }
        let named = all.filter { $0[Key.name]?.asString == name }
        guard let client = named.first, named.count == 1 else {
            throw .refused(
                named.isEmpty
                    ? "There is no client \(PlainText.quoted(name)): `keybell clients` lists them."
                    : "Several clients are shown as \(PlainText.quoted(name)): name one by its Id."
            )
        }
        return client
    }

    func vaults(starts: Bool = true) async throws(ConsoleError) -> [[String: Value]] {
        dictionaries(try await call(VaultsInterface.description, VaultsInterface.list, starts: starts))
    }

    /// Unlocks a vault, if that is needed.
    ///
    /// - Parameter name: Its name; nil for the first.
    /// - Returns: Its name.
    /// - Throws: Why it isn't open.
    func openVault(_ name: String?) async throws(ConsoleError) -> String {
        typealias Key = VaultsInterface.Key
        let found = try await vaults().first { name == nil || $0[Key.name]?.asString == name }
        guard let found, let name = found[Key.name]?.asString else {
            throw .refused("There is no vault of that name: `keybell status` lists them.")
        }
        if found[Key.locked]?.asBool ?? true { try await unlock(name) }
        return name
    }

    /// How many requests wait for their turn to be shown.
    func queuedCount() async throws(ConsoleError) -> Int {
        let answer = try await call(
            ApprovalInterface.description,
            ApprovalInterface.countQueued,
            starts: false
        )
        return Int(clamping: answer.first?.asUInt32 ?? 0)
    }

    func agents(starts: Bool = true) async throws(ConsoleError) -> [[String: Value]] {
        dictionaries(
            try await call(ApprovalInterface.description, ApprovalInterface.listAgents, starts: starts)
        )
    }
}

extension DaemonBus {
    /// Prints how a vault stands after something was done to it, or all of them.
    func printVaults(named name: String?, asJSON: Bool) async throws(ConsoleError) {
        let vaults = try await vaults().filter {
            name == nil || $0[VaultsInterface.Key.name]?.asString == name
        }
        if asJSON {
            Output.json(.array(vaults.map { JSON(members: $0) }))
        } else {
            for vault in vaults { Output.line(StatusCommand.line(vault: vault)) }
        }
    }
}
