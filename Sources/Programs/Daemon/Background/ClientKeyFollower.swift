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
        var known = (try? await clients.keys()) ?? [:]
        for await _ in changes {
            guard let now = try? await clients.keys(after: known) else { continue }
            for gone in Set(known.values).subtracting(now.values) {
                await approvals.end(.key(gone))
                // If that fails it is in the log, they no longer count, and the key isn't let in again before they are gone.
                try? await grants.forget(fingerprint: gone)
            }
            known = now
        }
    }
}
