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
    let fields: OpenedFields
    let client: Client
    let rules: ClientRules
    let visitor: any Visitor

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
        var verification = await clients.verify(request, signature: signature, changes: changes)
        if case .keyringLocked = verification {
            guard wantsUnlock(request) else { throw .locked }
            try await unlockKeyring(for: request, from: visitor)
            verification = await clients.verify(request, signature: signature, changes: changes)
        }
        switch verification {
        case .verified(let conversation, let client, let fields):
            if let name = fields.fieldWithNUL { throw .invalid(.hasNUL(name)) }
            return Ring(
                request: request,
                conversation: conversation,
                fields: fields,
                client: client,
                rules: policy.rules(for: client.id),
                visitor: visitor
            )
        case .refused: throw .unverified
        case .unrecordable: throw .unrecordable
        case .keyringLocked: throw .locked
        case .keyringUnavailable(let error): throw .keyring(error.advice)
        }
    }

    func wantsUnlock(_ request: Request) -> Bool {
        // Where nobody is to be asked that goes for the unlock, too.
        policy.rules(for: request.id).access != .granted && (request.triggerUnlock || policy.unlocksOnRequest)
    }
}
