// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Kernel
import Vault

extension Bell {
    /// `test-associate`: whether this client is known.
    ///
    /// Always 200, also while everything is locked: several extensions send it unsigned before anything else, and need
    /// the Hash. A signed one with TriggerUnlock has what is locked unlocked, and is held for that.
    func testAssociate(_ request: Request, from visitor: any Visitor) async throws(Refusal) -> Answered {
        let hash = await vaults.hash()
        var failure = Reply(
            failing: request.type,
            error: nil,
            version: version(for: request.id),
            hash: hash
        )
        if let store = await vaults.neverOpened() {
            failure.error = Refusal.neverOpened(store.name).sentence
        }
        guard request.id != nil, request.signature != nil else { return Answered(reply: failure) }
        do {
            let started = ContinuousClock.now
            let ring = try await withDeadline(testAssociateHold) {
                try await verify(request, from: visitor)
            }
            if wantsUnlock(request), let closed = await vaults.closed(for: request.type) {
                // Whether it is opened in time or not: the client is known.
                _ = try? await withDeadline(testAssociateHold - (.now - started)) {
                    try await unlock(closed, for: ring)
                }
            }
            return Answered(reply: ring.reply(hash: await vaults.hash()), to: ring.conversation)
        } catch let refusal as Refusal {
            failure.error = refusal.sentence
        } catch {
            failure.error = Refusal.locked.sentence
        }
        return Answered(reply: failure)
    }
}
