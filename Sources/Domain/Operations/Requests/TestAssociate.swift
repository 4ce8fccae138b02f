// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import ConcurrencyTools
import KeePassHTTP
import Vault

extension RequestHandler {
    /// `test-associate`: whether this client is known.
    ///
    /// Always 200, also while everything is locked: several extensions send it unsigned before anything else, and need
    /// the Hash. While nobody knows that, it is refused, and the person is asked to have the vault opened. A signed one
    /// with TriggerUnlock has what is locked unlocked, and is held for that.
    func testAssociate(_ request: Request, from requester: any Requester) async throws(Refusal) -> OperationResult {
        if let store = await vaults.neverOpened(), !(request.signature != nil && wantsUnlock(request)) {
            await offerUnlock(of: store, to: requester)
            throw .neverOpened(store.name)
        }
        let hash = await vaults.hash()
        var failure = Reply(
            failing: request.type,
            error: nil,
            version: version(for: request.id),
            hash: hash
        )
        guard request.id != nil, request.signature != nil else { return OperationResult(reply: failure) }
        do {
            let started = ContinuousClock.now
            let verified = try await withDeadline(testAssociateHold) {
                try await verify(request, from: requester)
            }
            var closed = wantsUnlock(request) ? await vaults.needed(for: request) : []
            if closed.isEmpty, let store = await vaults.neverOpened() { closed = [store] }
            if !closed.isEmpty {
                // Whether it is opened in time or not: the client is known.
                _ = try? await withDeadline(testAssociateHold - (.now - started)) { [closed] in
                    try await unlock(closed, for: verified)
                }
            }
            return OperationResult(reply: verified.reply(hash: await vaults.hash()), to: verified.conversation)
        } catch let refusal as Refusal {
            failure.error = refusal.sentence
        } catch {
            failure.error = Refusal.locked.sentence
        }
        return OperationResult(reply: failure)
    }

    /// Asks the person, beside the answer, whether a vault that was never opened here may be: an extension that pings has
    /// no other way to say that it waits for that.
    ///
    /// Once per program and ten minutes, and not for one that can't be found out or is muted.
    private func offerUnlock(of store: any VaultStore, to requester: any Requester) async {
        let caller = await requester.asker()
        guard caller.program.isKnown, await !approvals.isMuted(caller), await unlockOffers.begins(caller.program)
        else {
            return
        }
        Task(executorPreference: TaskQueue.shared) {
            // What comes of it is in the log, and in the program's next answer.
            try? await unlock(store, forPinging: caller)
        }
    }
}

/// When each program last had a vault offered that was never opened.
actor UnlockOffers {
    /// How long a program has to wait for the next.
    static let pause: Duration = .seconds(600)
    /// More programs than ever wait for one vault.
    private static let most = 256

    private let now: @Sendable () -> ContinuousClock.Instant
    private var begun: [Program: ContinuousClock.Instant] = [:]

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.now = now
    }

    /// Whether a program may have one now; if so, it begins.
    func begins(_ program: Program) -> Bool {
        let now = now()
        begun = begun.filter { now - $0.value < Self.pause }
        guard begun[program] == nil, begun.count < Self.most else { return false }
        begun[program] = now
        return true
    }
}
