// SPDX-License-Identifier: Apache-2.0

import Clients
import KeePassHTTP
import SecretService

extension VerificationOutcome {
    /// The verdict without its details.
    var verdict: String {
        switch self {
        case .verified(_, let client, _): "verified \(client.id)"
        case .refused: "refused"
        case .unrecordable: "unrecordable"
        case .tooManyChanges: "too many changes"
        case .keyringLocked: "locked"
        case .keyringUnavailable(let error): "unavailable: \(error)"
        }
    }
}

/// Signatures as clients make them.
func signature(_ key: ClientKey, nonce: Nonce = .random(), hmac: Bool = true) throws -> RequestSignature {
    let full = try OutgoingCipher(key: key, nonce: nonce).signature()
    return hmac ? full : RequestSignature(nonce: full.nonce, verifier: full.verifier)
}

extension ClientRegistry {
    /// Verifies a request that has nothing but a signature, or one field as it stands in the message.
    func verify(
        id: String?,
        signature: RequestSignature,
        changes: Bool,
        url: String? = nil,
        opening open: MessageOpening.Opener? = nil
    ) async -> VerificationOutcome {
        var members = ["\"RequestType\":\"\(changes ? "set-login" : "get-logins")\""]
        if let id { members.append("\"Id\":\"\(id)\"") }
        if let url { members.append("\"Url\":\"\(url)\"") }
        // What is written here can be read.
        guard let request = try? Request.parse(Array("{\(members.joined(separator: ","))}".utf8)) else {
            return .refused
        }
        return await verify(request, signature: signature, changes: changes, opening: open)
    }
}
