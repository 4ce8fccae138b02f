// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import DisplayText
import KeePassHTTP
import Logging
import Vault

/// A new key that is stored by the person's word.
struct Admission: Sendable {
    /// The Id that it has.
    var id: String
    /// Who asked.
    var caller: Caller
    var code: String?
    /// The fingerprint of the key that the person let it replace.
    var replaced: String?
}

/// A name that the person is offered for a new key.
private struct OfferedName {
    let text: String
    /// What `text` was made from: if that is taken meanwhile, this with a higher number is next.
    let base: String
}

/// What the person has agreed to call a new key.
private struct AgreedName {
    let text: String
    let base: String
    /// Whether the person or the client wants just this name; otherwise another one would do.
    let isWanted: Bool
}

extension RequestHandler {
    /// How often an Id that turns out to be taken brings the question back before Keybell gives up.
    static let associateRounds = 8

    /// Asks until the key is stored, under an Id that is free or that the person lets it take over.
    func admit(
        _ key: ClientKey,
        proposed: String?,
        from requester: any Requester
    ) async throws(Refusal) -> Admission {
        var base: String?
        for _ in 0..<Self.associateRounds {
            let caller = await requester.asker()
            let offer =
                if let base {
                    OfferedName(text: await clients.suggestID(from: base), base: base)
                } else {
                    await proposal(proposed, for: key, caller: caller)
                }
            var question = ApprovalRequest(
                kind: .associate,
                caller: caller,
                sameness: sameness(key.fingerprint, proposed ?? ""),
                suggestedID: offer.text,
                fingerprint: key.fingerprint
            )
            question.exception = policy.exception(for: offer.text)
            let decided = try PersonDecision(await approvals.ask(question))
            guard decided.allows else { throw decided.refusal }
            if let chosen = decided.choices.id, let name = await nameOfAnother(chosen, than: key) {
                // It is asked again, with one near it that is free; the answer that was given is none to that.
                if let code = decided.code { await approvals.delivered(code) }
                base = name
                continue
            }
            let name = AgreedName(
                text: decided.choices.id ?? offer.text,
                base: offer.base,
                isWanted: decided.choices.isNamedByPerson
                    || proposed.flatMap { PlainName($0) }?.text == offer.text
            )
            let agreed = Admission(id: name.text, caller: caller, code: decided.code)
            if let admission = try await keep(key, under: name, agreed, proposed: proposed, from: requester) {
                return admission
            }
            base = name.text
        }
        throw .denied
    }

    /// The name under which another client is shown, or which it has in Latin letters that look the same; nil where there
    /// is none.
    private func nameOfAnother(_ name: String, than key: ClientKey) async -> String? {
        if await clients.isShownName(name, notOf: key.fingerprint) { return name }
        guard let reading = PlainName(name)?.latinReading?.text else { return nil }
        if await clients.isShownName(reading, notOf: key.fingerprint) { return reading }
        // Where the keyring can't be read, storing the key says so.
        let holder = try? await client(reading)
        return holder.flatMap { $0.fingerprint == key.fingerprint ? nil : reading }
    }

    /// Stores a key under a name, after a question where another key has that; nil after a denial of it.
    ///
    /// Much can happen while the person opens a keyring or a vault for it. If another client than the person has seen
    /// has the Id when the key is stored, they are asked again.
    private func keep(
        _ key: ClientKey,
        under name: AgreedName,
        _ agreed: Admission,
        proposed: String?,
        from requester: any Requester
    ) async throws(Refusal) -> Admission? {
        var admission = agreed
        for _ in 0..<Self.associateRounds {
            try await unlockForStoring()
            admission.id = try await id(for: key, under: name)
            let holder = try await client(admission.id)
            if let holder, ![key.fingerprint, admission.replaced].contains(holder.fingerprint) {
                admission.caller = await requester.asker()
                var overwrite = ApprovalRequest(
                    kind: .overwrite,
                    caller: admission.caller,
                    sameness: sameness(key.fingerprint, proposed ?? ""),
                    client: admission.id,
                    suggestedID: admission.id,
                    fingerprint: key.fingerprint
                )
                overwrite.replaced = KeyHolder(holder)
                overwrite.exception = policy.exception(for: admission.id)
                let decided = try PersonDecision(await approvals.ask(overwrite))
                guard decided.allows else { return nil }
                admission.code = decided.code
                admission.replaced = holder.fingerprint
            }
            try await learnHash(for: admission.id, from: requester)
            if try await store(key, as: admission) { return admission }
        }
        throw .keyring(ClientError.taken(name.text).advice)
    }

    /// The Id to store a key under: the one that was shown, or where nobody has chosen that, the next free one.
    ///
    /// It may have been given away since, or nobody knew what was free while the keyring was locked: such a name must
    /// not cost another client its key.
    private func id(for key: ClientKey, under name: AgreedName) async throws(Refusal) -> String {
        guard !name.isWanted, let holder = try await client(name.text), holder.fingerprint != key.fingerprint
        else { return name.text }
        // It may have been stored meanwhile for somebody who asked the same.
        if let known = try await knownID(of: key, proposed: nil) { return known }
        return await clients.suggestID(from: name.base)
    }

    /// The Id that the request brings, else a free one from the program's name.
    ///
    /// A proposal that can't be shown as it is would let the person agree to another Id than the one that is stored,
    /// and one that may be taken for somebody else's is proposed in plain characters; what the person types themselves
    /// may be written in any script.
    private func proposal(_ proposed: String?, for key: ClientKey, caller: Caller) async -> OfferedName {
        let name = proposed.flatMap { PlainName($0) }
        if let name, !name.mayBeMistaken, name.latinReading == nil {
            let isFree = await !clients.isShownName(name.text, notOf: key.fingerprint)
            return OfferedName(
                text: isFree ? name.text : await clients.suggestID(from: name.text),
                base: name.text
            )
        }
        let base =
            (name == nil ? proposed : (name?.latinReading ?? name?.plain)?.text) ?? caller.processes.first?
            .name ?? ""
        return OfferedName(text: await clients.suggestID(from: base), base: base)
    }

    /// Only an allowed request may unlock the keyring: this is one.
    private func unlockForStoring() async throws(Refusal) {
        do throws(ClientError) {
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

    /// The keys whose grants go when this one is stored: the one that is replaced, and this one where no client has it,
    /// since its item may have been deleted while Keybell wasn't there to see it, and that has revoked it.
    private func revoked(by key: ClientKey, _ admission: Admission) async throws(Refusal) -> Set<String> {
        var revoked = Set([admission.replaced].compactMap(\.self))
        do throws(ClientError) {
            if try await clients.holder(of: key.fingerprint) == nil { revoked.insert(key.fingerprint) }
        } catch {
            throw .keyring(error.advice)
        }
        return revoked
    }

    /// Forgets what was decided for keys.
    ///
    /// Where it can't be deleted the new key isn't stored: it would count for that again.
    private func clearGrants(of revoked: Set<String>, for id: String) async throws(ClientError) {
        for fingerprint in revoked {
            do throws(ClientError) {
                try await grants.forget(fingerprint: fingerprint)
            } catch {
                logger.error(
                    "a key isn't stored, since what was granted to it, or to the one it replaces, can't be deleted",
                    metadata: ["client": "\(id)", "why": "\(error.advice)"]
                )
                throw error
            }
        }
    }

    /// Stores a key unless somebody else has the Id by now than the person was shown.
    private func store(_ key: ClientKey, as admission: Admission) async throws(Refusal) -> Bool {
        let caller = admission.caller
        let revoked = try await revoked(by: key, admission)
        do throws(ClientError) {
            try await clients.register(
                id: admission.id,
                key: key,
                program: caller.program.id,
                origin: caller.program.origin,
                database: await vaults.hash() ?? "",
                replacing: admission.replaced,
                clearing: { () async throws(ClientError) in
                    try await clearGrants(of: revoked, for: admission.id)
                }
            )
            return true
        } catch .taken {
            return false
        } catch {
            logger.error(
                "the client's key could not be stored",
                metadata: ["client": "\(admission.id)", "why": "\(error.advice)"]
            )
            if case .badName = error { throw .forbidden(error.advice) }
            throw .keyring(error.advice)
        }
    }
}
