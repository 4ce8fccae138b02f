// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Callers
import Clients
import DisplayText
import KeePassHTTP
import Logging
import SecureMemory
import Vault

extension RequestHandler {
    /// `set-login`: makes a login, or changes the one with the given uuid.
    ///
    /// An allowed save is carried out once, at the allow, also if nobody listens any more; the same save asked for
    /// again gets the outcome of the first, for as long as the entry is what that made of it.
    ///
    /// Before the person's word, or a grant in its place, only what is public of the stored entry is looked at; whether
    /// a password, a string field or a realm equals the stored one is told afterwards.
    func setLogin(_ verified: VerifiedRequest) async throws(Refusal) -> OperationResult {
        let wish = try SaveRequest(verified)
        try await refuseMuted(verified.requester)
        let program = await verified.requester.caller().program
        let asker = [
            verified.client.id, verified.client.fingerprint, program.id, program.vouched,
            program.origin ?? "",
        ]
        let name = saves.digest(of: asker.map { SecretBytes(utf8: $0) } + wish.parts)
        if let saved = await saves.finished(name) {
            if try await holds(saved, wish: wish, verified: verified) {
                return await tell(saved, name: name, to: verified)
            }
            await saves.forget(saved, of: name)
        }
        let store: any VaultStore
        do throws(Refusal) {
            store = try await self.store(for: wish, verified: verified)
        } catch {
            throw await limitFirst(error, of: verified, asks: await asksToSave(wish, verified: verified))
        }
        if let running = await saves.running(name) {
            if var question = running.question {
                // The same program: just its processes may be others.
                question.caller = await verified.requester.asker()
                if case .tooMany = await approvals.join(question) { throw .tooMany }
            }
            return await tell(try await running.task.value.get(), name: name, to: verified)
        }
        let saved = await saves.carryOut(name, rememberedFor: await approvals.retryTime) {
            do throws(Refusal) {
                return .success(try await save(wish, named: name, in: store, verified: verified))
            } catch {
                return .failure(error)
            }
        }
        return await tell(try saved.get(), name: name, to: verified)
    }

    private func tell(_ saved: Saved, name: [UInt8], to verified: VerifiedRequest) async -> OperationResult {
        var reply = verified.reply(hash: await vaults.hash())
        reply.uuid = saved.id.hex
        return OperationResult(reply: reply, to: verified.conversation) { [approvals, saves] in
            await saves.forget(saved, of: name)
            if let code = saved.code { await approvals.delivered(code) }
        }
    }

    /// Whether an entry still is what a save made of it.
    private func holds(_ saved: Saved, wish: SaveRequest, verified: VerifiedRequest) async throws(Refusal)
        -> Bool
    {
        var draft = wish.draft
        draft.id = saved.id
        for vault in try await open(for: verified) {
            do throws(VaultError) {
                guard let stored = vault.index.login(saved.id) else { continue }
                let secrets = try await vault.store.secrets(of: saved.id)
                return try SavePreview(draft, stored: stored, secrets: secrets).isUnchanged
            } catch .notFound {
                continue
            } catch {
                throw .vault(error)
            }
        }
        return false
    }

    /// The vault that holds the entry, or the first one for a new entry.
    private func store(for wish: SaveRequest, verified: VerifiedRequest) async throws(Refusal)
        -> any VaultStore
    {
        guard let id = wish.draft.id else {
            let open = try await open(for: verified)
            guard let first = open.first, first.store.name == vaults.stores.first?.name else { throw .locked }
            return first.store
        }
        let holders = try await find(for: verified) { open in open.filter { $0.index.login(id) != nil } }
        if let holder = holders.first { return holder.store }
        // It may well be in a vault that stayed closed.
        throw await vaults.locked().isEmpty ? .vault(.notFound) : .locked
    }

    /// Whether a save has to be asked about, as far as that is known without a look at the vault.
    private func asksToSave(_ wish: SaveRequest, verified: VerifiedRequest) async -> Bool {
        let caller = await verified.requester.caller()
        let isPlain = !wish.draft.holdsSettings
        if isPlain || wish.draft.id == nil, verified.rules.saving == .never, verified.isFamiliar(caller) {
            return false
        }
        let place = wish.host ?? wish.draft.title ?? ""
        for store in vaults.stores {
            let grant = grantKey(
                wish.draft.id == nil ? .create : .change,
                host: place,
                form: wish.form(at: place, of: nil),
                vault: store.name,
                verified: verified,
                caller: caller
            )
            let subject = GrantSubject(key: grant, entry: wish.draft.id?.hex ?? "")
            switch await decisions(on: [subject]).first {
            case .denied: return false
            case .allowed where isPlain: return false
            case .allowed, .undecided, .unknown, nil: continue
            }
        }
        return verified.rules.asksToSave
    }

    private func preview(
        _ wish: SaveRequest,
        in store: any VaultStore
    ) async throws(Refusal) -> SavePreview {
        do throws(VaultError) {
            return try await store.preview(wish.draft)
        } catch {
            throw .vault(error)
        }
    }

    private func save(
        _ wish: SaveRequest,
        named name: [UInt8],
        in store: any VaultStore,
        verified: VerifiedRequest
    ) async throws(Refusal) -> Saved {
        let shown = try await preview(wish, in: store)
        // So it is only where nothing was sent but a title, a user name and a URL without a secret part.
        guard !shown.isUnchanged else { throw .vault(.unchanged) }
        let cover = try await askToSave(shown, wish: wish, named: name, vault: store.name, verified: verified)
        let code = cover.basis.code
        // The entry may have become another one while the person thought about it.
        guard try await preview(wish, in: store).isCovered(by: shown) else { throw .changedMeanwhile }
        let id = try await save(wish.draft, in: store, under: cover, verified: verified)
        await approvals.forget(.entry(id.hex))
        // It is used up: a retry gets this outcome from the ledger, for as long as the entry is what this made of it.
        if let code { await approvals.delivered(code) }
        await record(
            .saved,
            client: verified.client.id,
            caller: await verified.requester.sender(),
            under: [cover.basis],
            [
                .host: wish.host.map { PlainText.host($0) },
                .vault: PlainText.field(store.name),
                .entries: id.hex,
            ]
        )
        return Saved(id: id, code: code)
    }

    /// Stores a draft; a keyring that wants the person's word for this login, too, asks for it.
    private func save(
        _ draft: LoginDraft,
        in store: any VaultStore,
        under cover: Cover,
        verified: VerifiedRequest
    ) async throws(Refusal) -> LoginID {
        try await check(cover, of: verified)
        do throws(VaultError) {
            do throws(VaultError) {
                return try await store.save(draft)
            } catch .unconfirmed {
                guard let id = draft.id else { throw .unconfirmed }
                try await store.confirm([id])
            } catch {
                throw error
            }
        } catch {
            throw failed(error)
        }
        try await check(cover, of: verified)
        do throws(VaultError) {
            return try await store.save(draft)
        } catch {
            throw failed(error)
        }
    }

    private func failed(_ error: VaultError) -> Refusal {
        logger.error("a login could not be saved", metadata: ["why": "\(error)"])
        return .vault(error)
    }

    /// Whether a save may be carried out now: the client's key is there, and what covers it unasked still does.
    private func check(_ cover: Cover, of verified: VerifiedRequest) async throws(Refusal) {
        try await checkKey(of: verified)
        guard cover.basis.code == nil else { return }
        try await refuseMuted(verified.requester)
        guard await stillCovered([cover]) == [true] else { throw .denied }
    }

    /// Asks unless a grant or the configuration covers it.
    ///
    /// A change that gives a stored entry new hosts always asks, and so does one of a field that may be some program's
    /// settings; no grant for one host makes an entry for another.
    private func askToSave(
        _ preview: SavePreview,
        wish: SaveRequest,
        named name: [UInt8],
        vault: String,
        verified: VerifiedRequest
    ) async throws(Refusal) -> Cover {
        let known = await verified.requester.caller()
        let stored = preview.stored
        let host = stored.map { PageAddress(loose: $0.matchedURL)?.hostAndPort ?? $0.title } ?? wish.host
        // An entry without a host goes by its title, so that a grant for one such entry doesn't cover all of them.
        let place = host ?? wish.draft.title ?? ""
        let kind: GrantKey.Kind = stored == nil ? .create : .change
        let form = wish.form(at: place, of: stored)
        let grant = grantKey(
            kind,
            host: place,
            form: form,
            vault: vault,
            verified: verified,
            caller: known
        )
        let widens =
            wish.draft.holdsSettings || preview.newHosts.contains { stored != nil || $0 != place }
        let subject = GrantSubject(key: grant, entry: stored?.id.hex ?? "")
        let decision = await decisions(on: [subject]).first ?? .unknown
        if decision == .denied { throw .denied }
        if !widens, decision == .allowed { return Cover(basis: .grant, subject: subject) }
        let isCoverable = decision != .unknown && (!widens || stored == nil)
        if isCoverable, verified.rules.saving == .never, verified.isFamiliar(known) {
            return Cover(basis: .configuration, subject: subject)
        }
        // A script at night would wait for nobody.
        guard verified.rules.asksToSave else { throw .notGranted }
        let caller = await verified.requester.asker()
        var question = ApprovalRequest(
            kind: .save,
            caller: caller,
            sameness: saves.digest(
                of: [verified.client.id, verified.client.fingerprint].map { SecretBytes(utf8: $0) }
                    + wish.parts
            ),
            client: verified.client.id,
            fingerprint: verified.client.fingerprint,
            vaults: [vault],
            host: host,
            submitHost: stored == nil ? wish.submitHost : nil,
            claimedHost: stored != nil && wish.host != host ? wish.host : wish.unreadableURL,
            claimedSubmitHost: stored == nil ? nil : wish.submitHost,
            isPlainHTTP: form.scheme == "http",
            newHosts: preview.newHosts,
            entries: stored.map { [EntryLine($0)] } ?? [wish.line],
            isNew: preview.isNew,
            fields: preview.changedFields,
            alwaysOffered: !widens && grants.keepsGrants
        )
        question.settingsFields = wish.draft.fields.keys.filter(LoginDraft.isSettings).sorted()
        describe(&question, verified: verified, caller: caller)
        await saves.isAsked(about: name, question)
        let decided = try await ask(question, for: verified) { answer, session in
            // Not where somebody else has got hold of the connection meanwhile.
            guard let decided = try? PersonDecision(answer),  // without an answer there is nothing to keep
                !(widens && decided.allows), caller.program == known.program, caller.program.isKnown,
                let scope = Grant.Scope(decided.choices)
            else { return nil }
            return await remember(
                [Grant(key: grant, allows: decided.allows, entries: nil, scope: scope)],
                in: session,
                about: verified.client
            )
        }
        guard decided.allows, let code = decided.code else { throw decided.refusal }
        return Cover(basis: .answer(code: code), subject: nil)
    }
}

extension SavePreview {
    /// Whether this is about the entry that was shown, and gives it no host that wasn't.
    fileprivate func isCovered(by shown: SavePreview) -> Bool {
        stored.map(EntryLine.init) == shown.stored.map(EntryLine.init)
            && stored?.url == shown.stored?.url
            && Set(newHosts).isSubset(of: shown.newHosts)
    }
}
