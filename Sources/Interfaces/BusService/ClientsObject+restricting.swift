// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import BusInterface
import Clients
import ConcurrencyTools
import DBus
import DisplayText
import Vault

// What a client is restricted to.
extension ClientsObject {
    func restrict(_ call: MethodCall) async throws(DBusError) -> [Value] {
        let answerer = try await callers.uninvolved(call.sender)
        let restriction = try restriction(call.body.last?.vardict ?? [:])
        let client = try await client(call.body.first?.asString ?? "")
        if !restriction.isWithin(client.restriction) {
            try await callers.checkIsApart(answerer, from: client)
        }
        // Nothing is done, nor recorded, where it is so already.
        guard restriction != client.restriction else { return [] }
        do throws(ClientError) {
            try await clients.restrict(client.id, fingerprint: client.fingerprint, to: restriction)
        } catch {
            throw DBusError(error)
        }
        // What was allowed and is still to be collected was meant for what it saw, and what is being asked is about that: who
        // waits is asked about anew, where there still is something to ask.
        await approvals.end(.key(client.fingerprint))
        let fields: [AuditRecord.Field: String?] = [
            .client: PlainText.field(client.id), .by: answerer.shownExecutable,
            .part: PlainText.field(restriction.words),
        ]
        await audit([(.restricted, fields)])
        return []
    }

    private func restriction(_ lists: [String: Value]) throws(DBusError) -> ClientRestriction {
        var read: [String: [String]] = [:]
        for (key, value) in lists.sorted(by: { $0.key < $1.key }) {
            guard ClientsInterface.Part.all.contains(key) else {
                throw .invalidArgs(
                    "A client is restricted to vaults, groups and hosts, not to \(PlainText.quoted(key))."
                )
            }
            guard let names = value.asStrings else {
                throw .invalidArgs("\(key) must be an array of strings.")
            }
            read[key] = names
        }
        let restriction: ClientRestriction
        do throws(RestrictionError) {
            restriction = try ClientRestriction(
                vaults: read[ClientsInterface.Part.vaults] ?? [],
                groups: read[ClientsInterface.Part.groups] ?? [],
                hosts: read[ClientsInterface.Part.hosts] ?? []
            )
        } catch {
            throw .invalidArgs(error.advice)
        }
        if let mistake = restriction.mistake(among: vaults.value) { throw .invalidArgs(mistake) }
        return restriction
    }
}

extension ClientRestriction {
    /// Which of its vaults isn't there, as a sentence that names those that are; nil if all are.
    func mistake(among vaults: [any VaultStore]) -> String? {
        let known = vaults.map(\.name)
        guard let missing = self.vaults.first(where: { !known.contains($0) }) else { return nil }
        let names = known.map { PlainText.name($0) }.joined(separator: ", ")
        return "There is no vault \(PlainText.quoted(missing)): name one of \(names)."
    }
}
