// SPDX-License-Identifier: Apache-2.0

import Approval
import Clients

/// Ends what a key waits for and what was allowed to it once the key is gone, whoever deleted it.
///
/// While the keyring can't be read nobody knows; no key is taken for a good one then.
struct ClientKeyFollower: Sendable {
    let clients: ClientRegistry
    let grants: GrantRegistry
    let approvals: ApprovalBroker

    func run() async {
        let changes = clients.changes()
        // While they can't be read none is known, and none is gone.
        var known = (try? await clients.keys()) ?? [:]
        var hasLooked = await forgetOrphans()
        for await _ in changes {
            // What was known last is compared with when they can be read again.
            guard let now = try? await clients.keys(after: known) else { continue }
            if !hasLooked { hasLooked = await forgetOrphans() }
            for gone in Set(known.values).subtracting(now.values) {
                await approvals.end(.key(gone))
                await approvals.end(.holder(gone))
                await forgetGrants(of: gone)
            }
            known = now
        }
    }

    /// Forgets what was granted to keys that no client has: they went while Keybell wasn't there to see it.
    ///
    /// - Returns: Whether that could be found out.
    private func forgetOrphans() async -> Bool {
        // In this order: a key that is let in meanwhile has nothing among the grants that were read before it.
        guard let granted = try? await grants.all(), let keys = try? await clients.fingerprints() else {
            return false  // the keyring is locked, or not there: at its next change
        }
        for fingerprint in Set(granted.map(\.key.fingerprint)).subtracting(keys) {
            await forgetGrants(of: fingerprint)
        }
        return true
    }

    private func forgetGrants(of fingerprint: String) async {
        // If that fails it is in the log, they no longer count, and the key isn't let in again before they are gone.
        try? await grants.forget(fingerprint: fingerprint, mayAsk: false)
    }
}
