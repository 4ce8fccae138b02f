// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import ConcurrencyTools
import DisplayText
import Vault

/// Follows the vaults: keeps a record of every time that one is opened, by whatever opened it, lets those go on who wait
/// for that, and ends allows that nobody has collected of logins that have become others.
struct VaultFollower: Sendable {
    let vaults: CurrentValue<[any VaultStore]>
    let approvals: ApprovalBroker
    let audit: AuditTrail
    /// Hears of a file that is opened, which only the person's word does: from then on it may be left alone for too long.
    let used: @Sendable () -> Void

    func run() async {
        await vaults.follow { await follow($0) }
    }

    private func follow(_ vault: any VaultStore) async {
        let changes = vault.changes()
        var wasLocked = await vault.isLocked()
        // While it can't be read nothing is known of it; its lock ends every allow anyway.
        var known = try? await vault.state()
        for await _ in changes {
            let isLocked = await vault.isLocked()
            // Right after the look: what comes below takes a while, and it may be locked again and asked for by then.
            if isLocked {
                await approvals.forget(.vault(vault.name))
            } else if wasLocked {
                // The keyring's vault is back by itself after idleness, and that is no use.
                if vault.kind == .kdbx { used() }
                await approvals.opened(vault.name)
            }
            // What was known last is compared with when it can be read again.
            if let state = try? await vault.state() {
                // Beside the thread that serves: a vault can be large.
                let former = known
                let changes = await Task(executorPreference: VaultState.comparing) {
                    former.map(state.changes) ?? []
                }.value
                for id in changes { await approvals.forget(.entry(id.hex)) }
                known = state
            }
            if wasLocked, !isLocked {
                await audit.keep(.unlocked, [.vault: PlainText.field(vault.name)])
            }
            wasLocked = isLocked
        }
    }
}
