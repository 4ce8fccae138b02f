// SPDX-License-Identifier: Apache-2.0

import Clients
import KeePassHTTP
import SecretService

extension Verification {
    /// The verdict without its details.
    var verdict: String {
        switch self {
        case .verified(_, let client): "verified \(client.id)"
        case .refused: "refused"
        case .keyringLocked: "locked"
        case .keyringUnavailable(let error): "unavailable: \(error)"
        }
    }
}

/// Signatures as clients make them.
func signature(_ key: ClientKey, nonce: Nonce = .random(), hmac: Bool = true) throws -> Signature {
    let full = try Seal(key: key, nonce: nonce).signature()
    return hmac ? full : Signature(nonce: full.nonce, verifier: full.verifier)
}
