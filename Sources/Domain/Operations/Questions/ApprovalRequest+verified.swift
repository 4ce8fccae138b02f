// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import KeePassHTTP
import Vault

extension ApprovalRequest {
    /// Adds what the text says about any verified request: its type, whose key it is, and whether there are vaults
    /// other than those that it is about.
    mutating func describe(_ verified: VerifiedRequest, caller: Caller, among vaults: VaultSet) {
        requestType = verified.request.type.rawValue
        clientName = verified.client.name
        let isSameOrigin = (caller.origin ?? "").utf8.elementsEqual((verified.client.origin ?? "").utf8)
        extensionName = isSameOrigin ? verified.client.extensionName : nil
        givenTo = verified.isFamiliar(caller) ? nil : KeyOwner(verified.client)
        hasOtherVaults = vaults.stores.count > self.vaults.count
    }
}

extension KeyOwner {
    init(_ client: Client) {
        self.init(
            program: client.program,
            origin: client.origin,
            created: client.created,
            lastUsed: client.lastUsed,
            fingerprint: client.fingerprint,
            name: client.name,
            extensionName: client.extensionName,
            part: client.restriction.isEverything ? nil : client.restriction.words
        )
    }
}

extension RestrictedRelative {
    /// What a person is told of a client that has this key, or else that this program has.
    init(_ client: Client, _ key: ClientKey) {
        self.init(
            name: client.shownName,
            part: client.restriction.words,
            hasKey: client.fingerprint == key.fingerprint
        )
    }
}

extension EntryLine {
    init(_ login: Login) {
        self.init(
            uuid: login.id.hex,
            title: login.title,
            username: login.username,
            origin: login.origin?.name
        )
    }
}
