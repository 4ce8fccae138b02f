// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import KDBX
import Vault

// What the file can't take, kept elsewhere until it can.
extension KDBXStore {
    /// What is kept elsewhere, as far as known; what is being looked up now is reported the next time.
    func keptNow() -> [String] {
        let known = keptSaves.paths
        if !known.isEmpty || keptSaves.isAnyUnwritten, !isLookingAtKept {
            isLookingAtKept = true
            Task(executorPreference: MainLoop.executor) { await self.lookAtKept() }
        }
        return known
    }

    /// Looks at what is kept, and tries once more to keep what is in memory alone.
    func lookAtKept() async {
        let (trouble, missing) = (keptSaves.trouble, keptSaves.missingDuplicate)
        await keeping { [keptSaves] in _ = keptSaves.look() }
        isLookingAtKept = false
        if trouble != keptSaves.trouble || missing != keptSaves.missingDuplicate { changeBroadcast.send(()) }
    }

    /// Keeps what was saved and the file isn't known to have, so that not even the daemon's sudden end loses it.
    ///
    /// No key is derived for it, and it waits for nothing else that is done with the file.
    ///
    /// - Parameters:
    ///   - former: The state.
    ///   - isMissing: Whether the file is known to lack it: then a duplicate of it is none any more.
    func keepSaved(_ former: KDBXReader.Opened, isMissing: Bool = true) async {
        guard !former.saved.isEmpty else { return }
        let trouble = keptSaves.trouble
        do throws(VaultError) {
            let isNew = try await keeping { [file, keptSaves] () throws(VaultError) in
                guard !keptSaves.has(former.saved) else {
                    return isMissing && keptSaves.noteMissing { former.saved.contains($0.saves) }
                }
                keptSaves.keep(try file.encrypted(former), saves: former.saved, keyFile: former.keyFile)
                return true
            }
            guard isNew else {
                if trouble != keptSaves.trouble { changeBroadcast.send(()) }
                return
            }
            if let trouble = keptSaves.trouble {
                log.isNotKept(trouble)
            } else {
                log.isKept(in: keptSaves.paths)
            }
        } catch {
            log.isNotKept("\(error)")
        }
        changeBroadcast.send(())
        keepLater()
    }

    /// Tries again and again to keep what is in memory alone, at first soon.
    ///
    /// Not among the work on the file, where saves and readings would wait for it.
    private func keepLater() {
        guard keptSaves.isAnyUnwritten, !isRetrying else { return }
        isRetrying = true
        let first = retryPause * 10
        Task(executorPreference: MainLoop.executor) { [weak self] in
            var pauses = DoublingPauses(from: first, upTo: first * 30)
            repeat {
                // Nobody cancels it.
                try? await pause(pauses.next())
            } while await self?.isStillInMemory() == true
        }
    }

    private func isStillInMemory() async -> Bool {
        await lookAtKept()
        isRetrying = keptSaves.isAnyUnwritten
        return isRetrying
    }

    /// The file has this state, as was just read or written, though the disk may not.
    func dropKept(in state: KDBXReader.Opened) async {
        guard !state.saved.isEmpty else { return }
        let isKnown = keptSaves.hasDuplicate(of: state.saved, state.digest)
        guard !isKnown || !keptSaves.paths.isEmpty || keptSaves.isAnyInMemory else { return }
        let removed = await work { [file, keptSaves] in
            file.bytesForCertain(of: state).map {
                keptSaves.drop(state.saved, in: $0, state.digest, keyFile: state.keyFile)
            } ?? []
        }
        if !removed.isEmpty { log.isMerged(removed) }
        changeBroadcast.send(())
        keepLater()
    }

    // MARK: - The daemon's end

    /// Locks it, and puts back what another program has overwritten.
    ///
    /// What was saved is kept before that: where the task is cancelled, since deriving keys takes too long, the next unlock
    /// puts it back.
    package func finish() async {
        isFinishing = true
        defer {
            isFinishing = false
            derivations.resume()
        }
        await lock()
        // While something else may still be done with the file.
        if keptSaves.isAnyUnwritten { await lookAtKept() }
        if keptSaves.trouble == nil { derivations.end(.writingKept) }
        retryPausing?.cancel()
        await withTaskCancellationHandler {
            await savesAreDone()
        } onCancel: {
            Task(executorPreference: MainLoop.executor) { await self.giveUp() }
        }
        // What is being written there is waited for, as long as there is time.
        if keptSaves.isHanging {
            // Whether it came is looked at below.
            try? await withDeadline(timeout) { [keptSaves] in await keptSaves.answers() }
        }
        if keptSaves.isAnyUnwritten { await lookAtKept() }
        if let trouble = keptSaves.trouble { log.isLost(trouble) }
    }

    private func giveUp() {
        // It may have come too late.
        guard isFinishing else { return }
        derivations.giveUp()
        retryPausing?.cancel()
    }

    // MARK: - After a lock

    /// Sees, once the vault is locked, that what was saved is in the file, or kept elsewhere.
    ///
    /// It keeps its own hold on what it needs until it is done.
    func settle(_ former: KDBXReader.Opened) {
        settlingCount += 1
        // At once: what comes before it may take long.
        let keeping = Task(executorPreference: MainLoop.executor) {
            await self.keepSaved(former, isMissing: false)
        }
        let first = fileTasks.join {
            await keeping.value
            return await self.putBackOrKeep(former)
        }
        // Not the task itself, which holds what it came to, a whole vault, for as long as it is held.
        settling = Task(executorPreference: MainLoop.executor) { _ = await first.value }
        fileTasks.join {
            // It has ended by now.
            guard let unsettled = await first.value else { return }
            await self.putBackLater(unsettled)
        }
    }

    package func saveIsSettled() async {
        await settling?.value
    }

    /// - Returns: What isn't in the file.
    private func putBackOrKeep(_ former: KDBXReader.Opened) async -> KDBXReader.Opened? {
        defer { settlingCount -= 1 }
        do throws(VaultError) {
            try await putBack(former, by: derivations.make())
            return nil
        } catch {
            await keepSaved(former)
            return former
        }
    }

    /// Tries again what a lock could not put back at once; it is kept by now, if it can be.
    private func putBackLater(_ former: KDBXReader.Opened) async {
        let derivers = derivations.begin(.writingKept)
        defer { derivations.isDone(.writingKept, derivers) }
        for attempt in 1... {
            guard isRetryDue else { return }
            // Another program may be in the middle of writing it.
            await pauseBeforeRetry()
            guard isRetryDue else { return }
            // What is in memory alone has only the file to go to: just the end of the daemon's time ends that.
            let isKept = keptSaves.trouble == nil
            do throws(VaultError) {
                return try await putBack(former, by: isKept ? derivers : derivations.make())
            } catch {
                guard attempt < 5 else {
                    return log.isNotPutBack(
                        error,
                        keptIn: keptSaves.trouble == nil ? keptSaves.paths : []
                    )
                }
            }
        }
    }

    /// False where the vault is open again or the daemon ends: what is kept goes into the file by the next unlock.
    private var isRetryDue: Bool {
        if derivations.isGivenUp { return false }
        return opened == nil && !isFinishing || keptSaves.trouble != nil
    }

    private func pauseBeforeRetry() async {
        let pausing = Task(executorPreference: MainLoop.executor) { [retryPause] in
            // The daemon's end cancels it.
            _ = try? await pause(retryPause)
        }
        retryPausing = pausing
        await pausing.value
    }

    private func putBack(
        _ former: KDBXReader.Opened,
        by derivers: CancellableDerivers
    ) async throws(VaultError) {
        derivations.use(derivers, for: .puttingBack)
        defer { derivations.isDone(.puttingBack, derivers) }
        guard !derivations.isGivenUp, let reader = derivers.next(), let writer = derivers.next() else {
            throw .unavailable("Deriving the key of the vault \(name) takes too long.")
        }
        let state = try await work { [file] () throws(VaultError) in
            try file.putBack(former, by: reader, writingBy: writer)
        }
        await dropKept(in: state)
    }
}
