// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import ConcurrencyTools
import DisplayText
import Vault

/// Follows the vaults: keeps a record of every time that one is opened, by whatever opened it, lets those go on who wait
/// for that, and ends allows that nobody has collected of logins that have become others.
struct VaultFollower: Sendable {
    let vaults: Current<[any VaultStore]>
    let approvals: ApprovalBroker
    let audit: AuditTrail

    private static let comparing = TaskQueue(label: "org.keybell.comparing")

    func run() async {
        await vaults.follow { await follow($0) }
    }

    private func follow(_ vault: any VaultStore) async {
        let changes = vault.changes()
        var wasLocked = await vault.status().isLocked
        // While it can't be read nothing is known of it; its lock has ended every allow anyway.
        var known = try? await vault.index()
        for await _ in changes {
            switch vault.kind {
            case .kdbx:
                // Another password alone leaves the index as it was, and isn't told from any other change.
                await approvals.forget(.vault(vault.name))
            case .keyring:
                guard let index = try? await vault.index() else { break }
                // Beside the thread that serves: a vault can be large.
                let former = known
                let changes = await Task(executorPreference: Self.comparing) {
                    former.map(index.changes) ?? []
                }.value
                for id in changes { await approvals.forget(.entry(id.hex)) }
                known = index
            }
            let isLocked = await vault.status().isLocked
            if wasLocked, !isLocked {
                await audit.keep(.unlocked, [.vault: PlainText.field(vault.name)])
                await approvals.opened(vault.name)
            }
            wasLocked = isLocked
        }
    }
}
