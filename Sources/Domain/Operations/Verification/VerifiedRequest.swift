// SPDX-License-Identifier: Apache-2.0

import Callers
import Clients
import KeePassHTTP
import SecureMemory

/// A verified request: who sent it, under which key, and what it says.
struct VerifiedRequest: Sendable {
    let request: Request
    let message: VerifiedMessage
    let fields: OpenedFields
    /// Who sent it, with what it is restricted to while this is answered.
    var client: Client
    let rules: ClientRules
    /// Whether what is locked is to be unlocked for it, after a question.
    let wantsUnlock: Bool
    let requester: CachedRequester

    /// What there is of the vaults for its client.
    func seen(of vaults: VaultSet) -> VaultSet { vaults.limited(to: client.restriction) }

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
    /// A program that can't be identified is never familiar, even if the key came from another such program.
    func isFamiliar(_ caller: Caller) -> Bool {
        if rules.anyProgram { return true }
        let program = caller.program
        return program.isKnown && client.program == program.id && client.origin == program.origin
    }

    /// Whether reading the vault, rather than one host, is asked about.
    func asksInBulk(_ caller: Caller) -> Bool {
        rules.bulkAccess == .always || !isFamiliar(caller)
    }

    /// The beginning of a successful reply.
    func reply(hash: String?) -> Reply {
        Reply(to: request.type, id: client.id, version: rules.version, hash: hash)
    }
}
