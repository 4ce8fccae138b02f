// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Clients
import DisplayText
import KeePassHTTP
import Secrecy
import Vault

extension Bell {
    /// The successful reply that hands out these logins; their secrets are opened only here.
    func handOut(
        _ released: Released,
        to ring: Ring,
        passwords: Bool = true
    ) async throws(Refusal) -> Answered {
        let entries: [ReplyEntry]
        do throws(VaultError) {
            do throws(VaultError) {
                entries = try await open(released.offers, for: ring, passwords: passwords)
            } catch .unconfirmed {
                // The keyring wants the person's word, too; it asks for all of them at once.
                try await confirm(released.offers)
                entries = try await open(released.offers, for: ring, passwords: passwords)
            } catch {
                throw error
            }
        } catch {
            throw .vault(error)
        }
        if !entries.isEmpty { await record(entries, of: released, to: ring) }
        var reply = ring.reply(hash: await vaults.hash())
        reply.entries = entries
        reply.count = entries.count
        let count = entries.count
        return Answered(reply: reply, key: ring.conversation.key) { [desk, tellDelivery] in
            if let code = released.code { await desk.delivered(code) }
            guard count > 0 else { return }
            let caller = await ring.visitor.caller()
            await tellDelivery(
                Delivery(
                    client: ring.client.id,
                    caller: caller,
                    host: released.host,
                    count: count,
                    wasAsked: released.code != nil
                )
            )
        }
    }

    private func record(_ entries: [ReplyEntry], of released: Released, to ring: Ring) async {
        let vaults = Set(released.offers.map(\.store.name)).sorted().joined(separator: ", ")
        record(
            .handedOut,
            client: ring.client.id,
            caller: await ring.visitor.caller(),
            under: released.bases,
            [
                .request: ring.request.type.rawValue,
                .host: released.host.map { PlainText.host($0) },
                .vault: PlainText.field(vaults),
                .count: String(entries.count),
                .entries: entries.map(\.uuid).joined(separator: " "),
            ]
        )
    }

    private func open(
        _ offers: [Offer],
        for ring: Ring,
        passwords: Bool
    ) async throws(VaultError) -> [ReplyEntry] {
        var entries: [ReplyEntry] = []
        for offer in offers {
            do throws(VaultError) {
                let isOpened = passwords || ring.rules.returnsFields
                let secrets =
                    isOpened
                    ? try await offer.store.secrets(of: offer.login.id)
                    : LoginSecrets(password: SecretBytes(utf8: ""))
                let resolved = try await resolve(offer, secrets)
                entries.append(entry(offer.login, resolved, rules: ring.rules, password: passwords))
            } catch .notFound {
                continue  // deleted between the question and its answer
            } catch {
                throw error
            }
        }
        return entries
    }

    /// Has each vault that these logins come from confirm what it keeps locked.
    private func confirm(_ offers: [Offer]) async throws(VaultError) {
        for (_, offers) in Dictionary(grouping: offers, by: \.store.name) {
            try await offers.first?.store.confirm(offers.map(\.login.id))
        }
    }

    private func entry(
        _ login: Login,
        _ resolved: ResolvedLogin,
        rules: ClientRules,
        password: Bool
    ) -> ReplyEntry {
        ReplyEntry(
            name: resolved.title,
            login: resolved.username,
            password: password ? resolved.secrets.password : SecretBytes(utf8: ""),
            uuid: login.id.hex,
            group: rules.groups
                ? login.group.map { ReplyEntry.Group(name: $0.name, uuid: $0.id?.hex ?? "") } : nil,
            stringFields: rules.returnsFields
                ? fields(resolved.secrets.fields, onlyKPH: rules.onlyKPHFields) : []
        )
    }

    /// The string fields that are handed out, sorted by the name under which they go.
    private func fields(_ fields: [String: SecretBytes], onlyKPH: Bool) -> [ReplyEntry.StringField] {
        let prefix = "KPH: "
        let named: [ReplyEntry.StringField] = fields.compactMap { name, value in
            guard onlyKPH else { return ReplyEntry.StringField(key: name, value: value) }
            guard name.hasPrefix(prefix) else { return nil }
            return ReplyEntry.StringField(key: String(name.dropFirst(prefix.count)), value: value)
        }
        return named.sorted { $0.key < $1.key }
    }
}
