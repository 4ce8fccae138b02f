// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import KeePassHTTP
import SecureMemory

/// A verified request: who sent it, under which key, and what it says.
struct VerifiedRequest: Sendable {
    let request: Request
    let conversation: VerifiedMessage
    let fields: OpenedFields
    let client: Client
    let rules: ClientRules
    let requester: any Requester

    /// A decrypted field; nil when it is absent or empty.
    func secret(_ name: String) -> SecretBytes? { fields.secret(name) }

    /// A decrypted field as text; nil when it is absent or empty.
    func text(_ name: String) -> String? { fields.text(name) }

    /// A decrypted field that has to be there.
    func required(_ name: String) throws(Refusal) -> String {
        guard let text = text(name) else { throw .invalid(.missing(name)) }
        return text
    }

    /// The decrypted texts of a field that is a list.
    func texts(_ name: String) -> [String] { fields.texts(name) }

    /// Whether the key comes from the program and Origin that it was given to.
    ///
    /// A program that can't be found out is never familiar, even if the key came from another such one.
    func isFamiliar(_ caller: Caller) -> Bool {
        if rules.anyProgram { return true }
        let program = caller.program
        return program.isKnown && client.program == program.id && client.origin == program.origin
    }

    /// The beginning of a successful reply.
    func reply(hash: String?) -> Reply {
        Reply(to: request.type, id: client.id, version: rules.version, hash: hash)
    }
}

extension RequestHandler {
    /// Checks the signature of a request, asking for the keyring to be unlocked where that was requested.
    func verify(_ request: Request, from requester: any Requester) async throws(Refusal) -> VerifiedRequest {
        guard let signature = request.signature else { throw .unverified }
        let changes = request.type == .setLogin
        var verification = await clients.verify(request, signature: signature, changes: changes)
        if case .keyringLocked = verification {
            guard wantsUnlock(request) else { throw .locked }
            try await unlockKeyring(for: request, from: requester)
            verification = await clients.verify(request, signature: signature, changes: changes)
        }
        switch verification {
        case .verified(let conversation, let client, let fields):
            if let name = fields.fieldWithNUL { throw .invalid(.hasNUL(name)) }
            return VerifiedRequest(
                request: request,
                conversation: conversation,
                fields: fields,
                client: client,
                rules: policy.rules(for: client.id),
                requester: requester
            )
        case .refused: throw .unverified
        case .unrecordable: throw .unrecordable
        case .keyringLocked: throw .locked
        case .keyringUnavailable(let error): throw .keyring(error.advice)
        }
    }

    /// Throws `unverified` once the key that a request was verified with is no longer its client's.
    ///
    /// To be asked after whatever was waited for, and before anything is handed out or saved: the person may have revoked
    /// the client meanwhile, or deleted its key in the keyring.
    func checkKey(of verified: VerifiedRequest) async throws(Refusal) {
        let holder: Client?
        do throws(ClientError) {
            holder = try await clients.client(withID: verified.client.id)
        } catch where error.isLock {
            throw .locked
        } catch {
            throw .keyring(error.advice)
        }
        guard holder?.fingerprint == verified.client.fingerprint else { throw .unverified }
    }

    /// Asks the person about a verified request; no allow counts, and nothing is kept, for a key that is no more.
    func ask(
        _ question: ApprovalRequest,
        for verified: VerifiedRequest,
        keeping keep: @escaping @Sendable (Answer, GrantSession) async -> String? = { _, _ in nil }
    ) async throws(Refusal) -> PersonDecision {
        let answer = await approvals.ask(question) { answer in
            // As it is at the answer: a lock while the key is looked at ends what is meant for this session.
            let session = grants.session
            return {
                do throws(Refusal) {
                    try await checkKey(of: verified)
                } catch {
                    return "Nothing was kept, since the client's key is not there any more."
                }
                return await keep(answer, session)
            }
        }
        switch answer {
        case .allowed, .withdrawn: try await checkKey(of: verified)
        case .denied, .expired, .unseen, .tooMany, .quiet: break
        }
        return try PersonDecision(answer)
    }

    func wantsUnlock(_ request: Request) -> Bool {
        // Where nobody is to be asked that goes for the unlock, too.
        policy.rules(for: request.id).access != .granted && (request.triggerUnlock || policy.unlocksOnRequest)
    }
}
