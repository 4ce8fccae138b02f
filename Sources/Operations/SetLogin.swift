// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import KeePassHTTP
import Logging
import Secrecy
import Vault

extension Bell {
    /// `set-login`: makes a login, or changes the one with the given uuid.
    ///
    /// An allowed save is carried out once, at the allow, also if nobody listens any more; the same save asked for
    /// again gets the outcome of the first.
    func setLogin(_ ring: Ring) async throws(Refusal) -> Answered {
        let wish = try SaveWish(ring)
        let store = try await store(for: wish, ring: ring)
        let draft = try await refined(wish.draft, in: store)
        let name = saves.digest(of: [SecretBytes(utf8: ring.client.fingerprint)] + wish.parts)
        let saved = await saves.carryOut(name) {
            do throws(Refusal) {
                return .success(try await save(draft, wish: wish, in: store, ring: ring, name: name))
            } catch {
                return .failure(error)
            }
        }
        let outcome = try saved.get()
        var reply = ring.reply(hash: await vaults.hash())
        reply.uuid = outcome.id.hex
        return Answered(reply: reply, key: ring.conversation.key) { [desk, saves] in
            await saves.delivered(name)
            if let code = outcome.code { await desk.delivered(code) }
        }
    }

    /// The vault that holds the entry, or the first one for a new entry.
    private func store(for wish: SaveWish, ring: Ring) async throws(Refusal) -> any VaultStore {
        let open = try await open(for: ring)
        guard let id = wish.draft.id else {
            guard let first = open.first, first.store.name == vaults.stores.first?.name else { throw .locked }
            return first.store
        }
        guard let holder = open.first(where: { $0.index.login(id) != nil }) else { throw .vault(.notFound) }
        return holder.store
    }

    private func refined(_ draft: LoginDraft, in store: any VaultStore) async throws(Refusal) -> LoginDraft {
        do throws(VaultError) {
            let preview = try await store.preview(draft)
            if preview.isUnchanged { throw VaultError.unchanged }
            return draft
        } catch {
            throw .vault(error)
        }
    }

    private func save(
        _ draft: LoginDraft,
        wish: SaveWish,
        in store: any VaultStore,
        ring: Ring,
        name: [UInt8]
    ) async throws(Refusal) -> Saved {
        do {
            let preview = try await store.preview(draft)
            let code = try await askToSave(preview, wish: wish, vault: store.name, ring: ring, name: name)
            let id = try await store.save(draft)
            await desk.forget(.entry(id.hex), sparing: Set([code].compactMap(\.self)))
            logger.notice(
                "saved",
                metadata: ["client": "\(ring.client.id)", "new": "\(preview.isNew)"]
            )
            return Saved(id: id, code: code)
        } catch let error as VaultError {
            logger.error("a login could not be saved", metadata: ["why": "\(error)"])
            throw .vault(error)
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw .withdrawn
        }
    }

    /// Asks unless a grant or the configuration covers it; a change that gives a stored entry new hosts always asks.
    private func askToSave(
        _ preview: SavePreview,
        wish: SaveWish,
        vault: String,
        ring: Ring,
        name: [UInt8]
    ) async throws(Refusal) -> String? {
        let caller = await ring.visitor.caller()
        let stored = preview.stored
        let host = stored.map { PageAddress(loose: $0.url)?.hostAndPort ?? $0.title } ?? wish.host
        let kind: GrantKey.Kind = stored == nil ? .create : .change
        let grant = grantKey(kind, host: host ?? "", vault: vault, ring: ring, caller: caller)
        let widens = stored != nil && !preview.newHosts.isEmpty
        if !widens {
            if ring.rules.saving == .never && ring.isFamiliar(caller) { return nil }
            switch await grants.decision(on: grant, entry: stored?.id.hex ?? "") {
            case true: return nil
            case false: throw .denied
            default: break
            }
        }
        let question = ApprovalRequest(
            kind: .save,
            caller: caller,
            sameness: name,
            client: ring.client.id,
            fingerprint: ring.client.fingerprint,
            vault: vault,
            host: host,
            submitHost: stored == nil ? wish.submitHost : nil,
            claimedHost: stored != nil && wish.host != host ? wish.host : nil,
            claimedSubmitHost: stored == nil ? nil : wish.submitHost,
            newHosts: preview.newHosts,
            entries: stored.map { [EntryLine($0)] } ?? [wish.line],
            isNew: preview.isNew,
            fields: preview.changedFields,
            note: ring.isFamiliar(caller) ? nil : Self.strangerNote,
            alwaysOffered: !widens && grants.keepsGrants
        )
        let decided = try Decided(await desk.ask(question))
        if !widens, let scope = Grant.Scope(decided.choices) {
            await grants.remember(Grant(key: grant, allows: decided.allows, entries: nil, scope: scope))
        }
        guard decided.allows else { throw .denied }
        return decided.code
    }
}
