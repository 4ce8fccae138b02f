// SPDX-License-Identifier: Apache-2.0

import Clients
import Operations

/// Standing decisions that are forgotten when the test ends.
actor MemoryGrantBook: GrantBook {
    nonisolated let keepsGrants = true
    private(set) var grants: [Grant] = []

    func decision(on key: GrantKey, entry: String) -> Bool? {
        grants.decision(on: key, entry: entry)
    }

    func remember(_ grant: Grant) { grants.append(grant) }

    func forget(fingerprint: String) { grants.removeAll { $0.key.fingerprint == fingerprint } }
}
