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
        passwords: Bool = true,
        query: MatchQuery? = nil
    ) async throws(Refusal) -> Answered {
        let passwords = passwords && (released.parts?.contains(.passwords) ?? true)
        var rules = ring.rules
        if let parts = released.parts, !parts.contains(.fields) { rules.returnsFields = false }
        let entries: [ReplyEntry]
        do throws(VaultError) {
            do throws(VaultError) {
                entries = try await open(released.offers, by: rules, passwords: passwords, query: query)
            } catch .unconfirmed {
                // The keyring wants the person's word, too; it asks for all of them at once.
                try await confirm(released.offers)
                entries = try await open(released.offers, by: rules, passwords: passwords, query: query)
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
            let caller = await ring.visitor.sender()
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
            caller: await ring.visitor.sender(),
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
        by rules: ClientRules,
        passwords: Bool,
        query: MatchQuery?
    ) async throws(VaultError) -> [ReplyEntry] {
        let reply = ReplyEntries(rules: rules, passwords: passwords, query: query, now: now())
        var entries: [ReplyEntry] = []
        for offer in offers {
            do throws(VaultError) {
                let secrets =
                    reply.needsSecrets
                    ? try await offer.store.secrets(of: offer.login.id)
                    : LoginSecrets(password: SecretBytes(utf8: ""))
                entries.append(try await reply.entry(offer, secrets))
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
}
