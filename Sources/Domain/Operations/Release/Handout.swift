// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Callers
import Ciphers
import Clients
import DisplayText
import KeePassHTTP
import SecureMemory
import Vault

extension RequestHandler {
    /// The successful reply that hands out these logins; their secrets are opened only here.
    func handOut(
        _ released: Released,
        to verified: VerifiedRequest,
        passwords: Bool = true,
        query: MatchQuery? = nil
    ) async throws(Refusal) -> OperationResult {
        // Whoever has hung up gets the answer by asking again; nothing is opened until then.
        guard verified.requester.isThere else { throw .withdrawn }
        let passwords = passwords && !released.leftOut.contains(.passwords)
        var rules = verified.rules
        if released.leftOut.contains(.fields) { rules.returnsFields = false }
        let programs = await verified.requester.sender().vouchedIDs
        var lease = replies.lease(for: programs)
        let opening = {
            [released, rules] (lease: ReplyBudget.Lease) async throws(VaultError) -> [ReplyEntry?] in
            let reply = ReplyEntries(
                rules: rules,
                passwords: passwords,
                query: query,
                now: now(),
                lease: lease,
                logger: logger
            )
            return try await open(released.offers, in: reply)
        }
        let opened: [ReplyEntry?]
        do throws(VaultError) {
            do throws(VaultError) {
                opened = try await opening(lease)
            } catch .unconfirmed {
                // The keyring wants the person's word, too; it asks for all of them at once.
                try await confirm(released.offers)
                lease = replies.lease(for: programs)
                opened = try await opening(lease)
            } catch {
                throw error
            }
        } catch {
            throw .vault(error)
        }
        try await checkKey(of: verified)
        // The person may have denied the question about some of these with a mute, or forgotten what covers the rest.
        try await refuseMuted(verified.requester)
        let stays = zip(await stillCovered(released.offers.map(\.cover)), await stillAsShown(released))
            .map { $0 && $1 }
        let entries = zip(opened, stays).compactMap { $1 ? $0 : nil }
        let released = released.keeping(stays)
        if released.offers.isEmpty, stays.contains(false), verified.rules.access == .granted {
            throw .notGranted
        }
        let delivery = Randomness.token(8, alphabet: "0123456789abcdef")
        let count = entries.count
        // Before it goes out, or it might go out unrecorded.
        if !entries.isEmpty {
            // Whether it was names alone is what the person looks for in the record.
            let without = [
                passwords ? nil : "passwords",
                rules.returnsFields == verified.rules.returnsFields ? nil : "fields",
            ].compactMap(\.self).joined(separator: " ")
            guard await record(.handedOut, entries, without: without, of: released, to: verified, delivery)
            else {
                // A slow disk may have it yet, or has a part of it.
                followUps.run { await takeBack(count, of: released, to: verified, delivery) }
                throw .unrecorded
            }
        }
        var reply = verified.reply(hash: await vaults.hash())
        reply.entries = entries
        reply.count = count
        return OperationResult(
            reply: reply,
            to: verified.conversation,
            lease: lease,
            settles: { [approvals, followUps] in
                // Before the connection's next request is read, or that would be let through by the same answer.
                if let code = released.code { await approvals.delivered(code) }
                followUps.run { await tell(of: count, passwords: passwords, of: released, to: verified) }
            },
            misses: { [followUps] in
                guard count > 0 else { return }
                followUps.run { await takeBack(count, of: released, to: verified, delivery) }
            }
        )
    }

    /// Tells the record or the person what has arrived; both may take a while.
    private func tell(of count: Int, passwords: Bool, of released: Released, to verified: VerifiedRequest)
        async
    {
        if released.isNothingFound { await recordNothing(released, to: verified) }
        guard count > 0 else { return }
        let caller = await verified.requester.sender()
        await tellDelivery(
            Delivery(
                client: verified.client.id,
                caller: caller,
                host: released.host,
                count: count,
                passwords: passwords,
                wasAsked: released.code != nil
            )
        )
    }

    /// Records that what was recorded didn't arrive.
    private func takeBack(
        _ count: Int,
        of released: Released,
        to verified: VerifiedRequest,
        _ delivery: String
    ) async {
        await record(.notDelivered, [], count: count, of: released, to: verified, delivery)
    }

    /// Records what goes out, or that it didn't arrive.
    @discardableResult
    private func record(
        _ event: AuditRecord.Event,
        _ entries: [ReplyEntry],
        count: Int? = nil,
        without: String = "",
        of released: Released,
        to verified: VerifiedRequest,
        _ delivery: String
    ) async -> Bool {
        let vaults = Set(released.offers.map(\.store.name)).sorted().joined(separator: ", ")
        return await record(
            event,
            client: verified.client.id,
            caller: await verified.requester.sender(),
            under: released.bases,
            [
                .request: verified.request.type.rawValue,
                .host: released.host.map { PlainText.host($0) },
                .vault: PlainText.field(vaults),
                .count: String(count ?? entries.count),
                .entries: entries.map(\.uuid).joined(separator: " "),
                .delivery: delivery,
                .without: without,
            ]
        )
    }

    private func recordNothing(_ released: Released, to verified: VerifiedRequest) async {
        await record(
            .nothingFound,
            client: verified.client.id,
            caller: await verified.requester.sender(),
            under: [],
            [.request: verified.request.type.rawValue, .host: released.host.map { PlainText.host($0) }]
        )
    }

    private func open(
        _ offers: [Offer],
        in reply: ReplyEntries
    ) async throws(VaultError) -> [ReplyEntry?] {
        var entries: [ReplyEntry?] = []
        for offer in offers {
            do throws(VaultError) {
                let secrets =
                    reply.needsSecrets
                    ? try await offer.store.secrets(of: offer.login.id)
                    : LoginSecrets(password: SecretBytes(utf8: ""))
                entries.append(try await reply.entry(offer, secrets))
            } catch .notFound {
                entries.append(nil)  // deleted between the question and its answer
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
