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
    func testAssociate(_ request: Request, from requester: any Requester) async throws(Refusal)
        -> OperationResult
    {
        guard request.id != nil, request.signature != nil else {
            try await offerUnlockOfNew(to: requester)
            return await failing(request, because: nil)
        }
        if !wantsUnlock(request) { try await offerUnlockOfNew(to: requester) }
        let refusal: Refusal
        do {
            let verified = try await known(request, from: requester)
            if let hash = await vaults.hash() {
                return OperationResult(reply: verified.reply(hash: hash), to: verified.conversation)
            }
            // It has been asked for just now.
            refusal = .locked
        } catch let error as Refusal {
            refusal = error
        } catch {
            refusal = .locked
        }
        // Nobody who is known has had it asked for.
        if refusal == .unverified { try await offerUnlockOfNew(to: requester) }
        if let store = await vaults.neverOpened() {
            // Never a 400 here, either.
            throw refusal.status(for: request.type) == 400 ? .neverOpened(store.name) : refusal
        }
        return await failing(request, because: refusal.sentence)
    }

    private func failing(_ request: Request, because sentence: String?) async -> OperationResult {
        let reply = Reply(
            failing: request.type,
            error: sentence,
            version: version(for: request.id),
            hash: await vaults.hash()
        )
        return OperationResult(reply: reply)
    }

    /// Verifies a request, and has what is closed opened where it wants that; both are held for a while only.
    ///
    /// Whether that is opened in time or not: the client is known.
    private func known(_ request: Request, from requester: any Requester) async throws -> VerifiedRequest {
        let started = ContinuousClock.now
        let verified = try await withDeadline(testAssociateHold) {
            try await verify(request, from: requester)
        }
        // A muted program is told that its key is good, for some extensions throw it away when they hear otherwise; but
        // nothing is asked for it.
        do { try await refuseMuted(requester) } catch { return verified }
        var closed = wantsUnlock(request) ? await vaults.needed(for: request) : []
        if closed.isEmpty, let store = await vaults.neverOpened() { closed = [store] }
        if !closed.isEmpty {
            _ = try? await withDeadline(testAssociateHold - (.now - started)) { [closed] in
                try await unlock(closed, for: verified)
            }
        }
        return verified
    }

    /// Where nobody knows the Hash, offers the person to have the vault opened, and refuses.
    private func offerUnlockOfNew(to requester: any Requester) async throws(Refusal) {
        guard let store = await vaults.neverOpened() else { return }
        await offerUnlock(of: store, to: requester)
        throw .neverOpened(store.name)
    }

    /// Asks the person, beside the answer, whether a vault that was never opened here may be: an extension that pings has
    /// no other way to say that it waits for that.
    ///
    /// Once per program and ten minutes, and not for one that can't be found out or is muted.
    private func offerUnlock(of store: any VaultStore, to requester: any Requester) async {
        let caller = await requester.asker()
        guard caller.program.isKnown, await !approvals.isMuted(caller),
            await unlockOffers.begins(caller.vouchedIDs)
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
///
/// By what the kernel vouches for: another Origin or script is no other program.
actor UnlockOffers {
    /// How long a program has to wait for the next.
    static let pause: Duration = .seconds(600)
    /// More programs than ever wait for one vault.
    private static let most = 256

    private let now: @Sendable () -> ContinuousClock.Instant
    private var begun: [String: ContinuousClock.Instant] = [:]

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.now = now
    }

    /// Whether the programs at a connection, by their `vouchedIDs`, may have one now; if so, it begins.
    func begins(_ programs: Set<String>) -> Bool {
        let now = now()
        begun = begun.filter { now - $0.value < Self.pause }
        guard begun.count < Self.most, programs.allSatisfy({ begun[$0] == nil }) else { return false }
        for program in programs { begun[program] = now }
        return true
    }
}
