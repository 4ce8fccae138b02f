// SPDX-License-Identifier: Apache-2.0

import Approval
import SecretService

/// Ends what was allowed but not collected when the keyring is locked, and lets those go on who wait for its unlock.
///
/// The lock itself is noticed in `Keyring+watch`. Two others go by it: `Keyring`, which drops what it has read, and `KeyringStore+following`,
/// which tells that the vault is locked. The session's lock is `SessionLockHandler`'s.
struct KeyringLockHandler: Sendable {
    let keyring: Keyring
    let approvals: ApprovalBroker

    func run() async {
        for await event in keyring.events() {
            switch event {
            case .locked, .providerLeft: await approvals.forget(.everything)
            case .unlocked: await approvals.opened(nil)
            default: break
            }
        }
    }
}
