// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus
import DisplayText

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
    /// A number of any unsigned width; 0 if it isn't there.
    func number(_ key: String) -> UInt64 {
        self[key].flatMap { $0.asUInt64 ?? $0.asUInt32.map { UInt64($0) } } ?? 0
    }
}

extension DaemonBus {
    func clients(starts: Bool = true) async throws(ConsoleError) -> [[String: Value]] {
        dictionaries(try await call(ClientsInterface.description, ClientsInterface.list, starts: starts))
    }

    func vaults(starts: Bool = true) async throws(ConsoleError) -> [[String: Value]] {
        dictionaries(try await call(VaultsInterface.description, VaultsInterface.list, starts: starts))
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
