// SPDX-License-Identifier: Apache-2.0

import Callers
import Clients
import KeePassHTTP
import Secrecy
import SecretService

/// A verified request: who sent it, under which key, and what it says.
struct Ring: Sendable {
    let request: Request
    let conversation: Conversation
    let client: Client
    let rules: ClientRules
    let visitor: any Visitor

    /// A decrypted field; nil when it is absent or empty.
    func secret(_ name: String) throws(Refusal) -> SecretBytes? {
        guard let field = request.field(name) else { return nil }
        do throws(VerificationFailure) {
            let bytes = try conversation.decrypt(field)
            return bytes.isEmpty ? nil : bytes
        } catch {
            throw .undecryptable
        }
    }

    /// A decrypted field as text; nil when it is absent or empty.
    func text(_ name: String) throws(Refusal) -> String? {
        guard let field = request.field(name) else { return nil }
        do throws(VerificationFailure) {
            let text = try conversation.decryptText(field)
            return text.isEmpty ? nil : text
        } catch {
            throw .undecryptable
        }
    }

    /// A decrypted field that has to be there.
    func required(_ name: String) throws(Refusal) -> String {
        guard let text = try text(name) else { throw .invalid(.missing(name)) }
        return text
    }

    /// The decrypted texts of a field that is a list.
    func texts(_ name: String) throws(Refusal) -> [String] {
        var texts: [String] = []
        for field in request.fields(name) {
            do throws(VerificationFailure) {
                texts.append(try conversation.decryptText(field))
            } catch {
                throw .undecryptable
            }
        }
        return texts
    }

    /// Whether the key comes from the program and Origin that it was given to.
    ///
    /// A program that can't be found out is nobody's friend, not even of a key that came from another such one.
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

extension Bell {
    /// Checks the signature of a request, asking for the keyring to be unlocked where that was requested.
    func verify(_ request: Request, from visitor: any Visitor) async throws(Refusal) -> Ring {
        guard let signature = request.signature else { throw .unverified }
        let changes = request.type == .setLogin
        var verification = await clients.verify(id: request.id, signature: signature, changes: changes)
        if case .keyringLocked = verification {
            guard wantsUnlock(request) else { throw .locked }
            try await unlockKeyring(for: request, from: visitor)
            verification = await clients.verify(id: request.id, signature: signature, changes: changes)
        }
        switch verification {
        case .verified(let conversation, let client):
            return Ring(
                request: request,
                conversation: conversation,
                client: client,
                rules: policy.rules(for: client.id),
                visitor: visitor
            )
        case .refused: throw .unverified
        case .keyringLocked: throw .locked
        case .keyringUnavailable(let error): throw .keyring(error.advice)
        }
    }

    func wantsUnlock(_ request: Request) -> Bool {
        request.triggerUnlock || policy.unlocksOnRequest
    }
}
