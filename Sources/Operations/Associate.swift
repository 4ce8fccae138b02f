// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Callers
import Clients
import DisplayText
import KeePassHTTP
import Logging
import SecretService
import Vault

extension Bell {
    /// How often an Id that turns out to be taken brings the question back before Keybell gives up.
    static let associateRounds = 8

    /// `associate`: lets the person decide whether a new key is kept, and under which Id.
    ///
    /// The Verifier is checked against the key that came with it before anyone is asked.
    func associate(_ request: Request, from visitor: any Visitor) async throws(Refusal) -> Answered {
        guard request.hasKey else { throw .invalid(.missing("Key")) }
        guard
            let key = request.key,
            let signature = request.signature,
            let conversation = try? Conversation(verifying: signature, with: key)  // every failure is the same one
        else { throw .unverified }
        guard !key.isGuessable else { throw .guessableKey }

        var caller = await visitor.caller()
        guard await !desk.isMuted(caller) else { throw .muted }
        if let unlock = await unlocks.running(for: caller.program) {
            try await unlock.value.get()
            throw .unlockedMeanwhile
        }
        if let id = try await knownID(of: key, proposed: request.id) {
            try await learnHash(for: id, from: visitor)
            return await welcome(id, conversation, code: nil)
        }
        let admission = try await admit(key, proposed: request.id, from: visitor)
        caller = admission.caller
        let id = admission.id
        try await learnHash(for: id, from: visitor)
        try await store(key, as: id, caller: caller)
        await end(admission.replaced, of: id)
        await desk.forget(.client(id), sparing: Set([admission.code].compactMap(\.self)))
        await record(
            .associated,
            client: id,
            caller: caller,
            under: Set([admission.code].compactMap { $0.map { .answer(code: $0) } })
        )
        return await welcome(id, conversation, code: admission.code)
    }

    /// Has a vault opened that never was, for a client that is let in: its answer carries the real Hash.
    private func learnHash(for id: String, from visitor: any Visitor) async throws(Refusal) {
        guard let vault = await vaults.neverOpened() else { return }
        try await unlock(vault, forNew: id, caller: await visitor.asker())
        guard await vaults.hash() != nil else { throw .neverOpened(vault.name) }
    }

    /// The Id under which this very key is already kept, if it is the proposed one or none was proposed.
    private func knownID(of key: ClientKey, proposed: String?) async throws(Refusal) -> String? {
        do throws(ClientError) {
            guard let proposed else { return try await clients.holder(of: key.fingerprint) }
            return try await clients.client(withID: proposed)?.fingerprint == key.fingerprint ? proposed : nil
        } catch .keyring(.locked), .keyring(.itemLocked) {
            return nil  // asked first, unlocked then
        } catch {
            throw .keyring(error.advice)
        }
    }

    /// The person's word on a new key.
    private struct Admission {
        var id: String
        /// Who asked.
        var caller: Caller
        var code: String?
        /// The fingerprint of the key that had the Id before.
        var replaced: String?
    }

    /// Asks until an Id is found that is free or may be overwritten.
    private func admit(
        _ key: ClientKey,
        proposed: String?,
        from visitor: any Visitor
    ) async throws(Refusal) -> Admission {
        var caller = await visitor.asker()
        var suggestion = await proposal(proposed, caller: caller)
        for round in 0..<Self.associateRounds {
            if round > 0 { caller = await visitor.asker() }
            let question = ApprovalRequest(
                kind: .associate,
                caller: caller,
                sameness: sameness(key.fingerprint, proposed ?? ""),
                suggestedID: suggestion,
                fingerprint: key.fingerprint
            )
            let decided = try Decided(await desk.ask(question))
            guard decided.allows else { throw .denied }
            try await unlockForStoring()
            let isWanted =
                decided.choices.isNamedByPerson || proposed.flatMap { PlainName($0) }?.text == suggestion
            let id = try await name(decided.choices.id ?? suggestion, of: key, isWanted: isWanted)
            guard let holder = try await client(id), holder.fingerprint != key.fingerprint else {
                return Admission(id: id, caller: caller, code: decided.code)
            }
            caller = await visitor.asker()
            var overwrite = ApprovalRequest(
                kind: .overwrite,
                caller: caller,
                sameness: sameness(key.fingerprint, proposed ?? ""),
                client: id,
                suggestedID: id,
                fingerprint: key.fingerprint
            )
            overwrite.replaced = KeyHolder(holder)
            let replaced = try Decided(await desk.ask(overwrite))
            if replaced.allows {
                return Admission(id: id, caller: caller, code: replaced.code, replaced: holder.fingerprint)
            }
            suggestion = await clients.suggestID(from: id)
        }
        throw .denied
    }

    /// The Id to store a key under: the one that was shown, or where nobody has chosen that, the next free one.
    ///
    /// While the keyring was locked nobody knew what was free: such a name must not cost another client its key.
    private func name(_ shown: String, of key: ClientKey, isWanted: Bool) async throws(Refusal) -> String {
        guard !isWanted, let holder = try await client(shown), holder.fingerprint != key.fingerprint else {
            return shown
        }
        // It may have been stored meanwhile for somebody who asked the same.
        if let known = try await knownID(of: key, proposed: nil) { return known }
        return await clients.suggestID(from: shown)
    }

    /// The Id that the request brings, else a free one from the program's name.
    ///
    /// A proposal that can't be shown as it is would let the person agree to another Id than the one that is stored, and
    /// one that may be taken for somebody else's is proposed in plain characters.
    private func proposal(_ proposed: String?, caller: Caller) async -> String {
        let name = proposed.flatMap { PlainName($0) }
        if let name, !name.mayBeMistaken { return name.text }
        let base = name == nil ? proposed : name?.plain?.text
        return await clients.suggestID(from: base ?? caller.processes.first?.name ?? "")
    }

    /// What was decided for an overwritten key, and what is being asked for it, has no owner any more.
    private func end(_ replaced: String?, of id: String) async {
        guard let replaced else { return }
        do throws(KeyringError) {
            try await grants.forget(fingerprint: replaced)
        } catch {
            // They go by the key that is no more.
            logger.error(
                "the grants of a replaced key could not be deleted",
                metadata: ["client": "\(id)", "why": "\(error.advice)"]
            )
        }
        await desk.withdraw(.client(id))
    }

    /// Only an allowed request may unlock the keyring: this is one.
    private func unlockForStoring() async throws(Refusal) {
        do throws(KeyringError) {
            try await clients.unlockForStoring()
        } catch {
            logger.error("the keyring can't be used", metadata: ["why": "\(error.advice)"])
            throw .keyring(error.advice)
        }
    }

    private func client(_ id: String) async throws(Refusal) -> Client? {
        do throws(ClientError) {
            return try await clients.client(withID: id)
        } catch {
            throw .keyring(error.advice)
        }
    }

    private func store(_ key: ClientKey, as id: String, caller: Caller) async throws(Refusal) {
        do throws(ClientError) {
            try await clients.register(
                id: id,
                key: key,
                program: caller.program.id,
                origin: caller.program.origin,
                database: await vaults.hash() ?? ""
            )
        } catch {
            logger.error(
                "the client's key could not be stored",
                metadata: ["client": "\(id)", "why": "\(error.advice)"]
            )
            if case .badName = error { throw .forbidden(error.advice) }
            throw .keyring(error.advice)
        }
    }

    /// The reply to a client that is let in; `Count` 0 is what the legacy kind expects.
    private func welcome(_ id: String, _ request: Conversation, code: String?) async -> Answered {
        let reply = Reply(
            to: .associate,
            id: id,
            count: 0,
            version: version(for: id),
            hash: await vaults.hash()
        )
        return Answered(reply: reply, to: request) { [desk] in
            if let code { await desk.delivered(code) }
        }
    }
}
