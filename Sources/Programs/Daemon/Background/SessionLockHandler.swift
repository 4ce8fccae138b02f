// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Clients
import ConcurrencyTools
import DisplayText
import SessionWatch
import Settings
import Vault

/// Locks what is to be locked when the session says so, and holds what nobody could see.
struct SessionLockHandler: Sendable {
    let vaults: CurrentValue<[any VaultStore]>
    let grants: GrantRegistry
    let approvals: ApprovalBroker
    let configuration: CurrentValue<Configuration>
    let audit: AuditTrail

    func handle(_ event: SessionEvent) async {
        let settings = configuration.value.lock
        switch event {
        case .screenLocked:
            // First, so that nothing appears on a locked screen.
            await approvals.screenLocked(true)
            if settings.onScreenLock { await lock(because: "the screen was locked") }
        case .screenUnlocked:
            await resume()
            await approvals.screenLocked(false)
            // A vault that a reload has brought in just then was locked, for nothing told it of the unlock.
            await resume()
        case .goesToSleep:
            if settings.onSleep { await lock(because: "the computer goes to sleep") }
        case .wokeUp:
            // Where the screen is locked as well, its unlock is what counts.
            if await !approvals.isScreenLocked { await endSuspension() }
        case .idle:
            await lock(because: "nobody used it for \(Self.minutes(settings.idleMinutes))")
            // Nothing will tell that the person is back, and what was kept of the keyring has been dropped.
            if await !approvals.isScreenLocked { await endSuspension() }
        }
    }

    static func minutes(_ count: Int) -> String { count == 1 ? "a minute" : "\(count) minutes" }

    private func lock(because reason: String) async {
        let vaults = vaults.value
        for vault in vaults { await vault.suspend() }
        await grants.endSessions()
        await approvals.forget(.everything)
        // Nothing comes of an allow for a file that is closed; the keyring's vault is back when the person is.
        for vault in vaults where vault.kind == .kdbx { await approvals.withdraw(.vault(vault.name)) }
        let names = vaults.map { PlainText.field($0.name) }.joined(separator: ", ")
        await audit.keep(.locked, [.vault: names, .reason: reason])
    }

    /// What the person has locked by hand stays so: they aren't known to be back.
    private func endSuspension() async {
        for vault in vaults.value { await vault.endSuspension() }
    }

    private func resume() async {
        for vault in vaults.value { await vault.resume() }
    }
}
