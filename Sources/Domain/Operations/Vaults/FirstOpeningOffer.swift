// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import ConcurrencyTools
import Vault

/// Offers the person to open a vault that has never been opened, so that its Hash is unknown.
struct FirstOpeningOffer: Sendable {
    private let vaults: VaultSet
    private let approvals: ApprovalBroker
    private let offers: UnlockOffers
    private let vaultUnlock: VaultUnlock

    /// Makes one that remembers offers here.
    init(vaults: VaultSet, approvals: ApprovalBroker, offers: UnlockOffers, vaultUnlock: VaultUnlock) {
        self.vaults = vaults
        self.approvals = approvals
        self.offers = offers
        self.vaultUnlock = vaultUnlock
    }

    /// If the Hash is unknown, makes the offer, and refuses.
    func check(_ requester: CachedRequester) async throws(Refusal) {
        guard let store = await vaults.neverOpened() else { return }
        await offer(store, to: requester)
        throw .neverOpened
    }

    /// Asks the person, independently of the answer: an extension that pings has no other way to say that it is waiting
    /// for that.
    ///
    /// Once per program and ten minutes, and not for one that can't be found out or is muted.
    private func offer(_ store: any VaultStore, to requester: CachedRequester) async {
        let caller = await requester.asker()
        guard caller.program.isKnown, await !approvals.countIfMuted(caller, asking: requester),
            await offers.begin(ChargedPrograms(of: caller))
        else {
            return
        }
        Task(executorPreference: MainLoop.executor) {
            // What comes of it is in the log, and in the program's next answer.
            try? await vaultUnlock.unlock(store, forPinging: caller)
        }
    }
}
