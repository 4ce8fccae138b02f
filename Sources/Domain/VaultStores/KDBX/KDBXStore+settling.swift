// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import KDBX
import Vault

// After a lock: what was saved and isn't in the file because another program has written that was acknowledged, and is
// never lost.
extension KDBXStore {
    /// Sees, once the vault is locked, that what was saved is in the file, or kept elsewhere.
    ///
    /// It keeps its own hold on what it needs until it is done.
    func settle(_ former: KDBXReader.Opened) {
        settlingCount += 1
        // At once: what is before it in the line may take long.
        let keeping = Task(executorPreference: MainLoop.executor) {
            await self.keepSaved(former, isMissing: false)
        }
        let first = line.join {
            await keeping.value
            return await self.putBackOrKeep(former)
        }
        // Not the task itself, which holds what it came to, a whole vault, for as long as it is held.
        settling = Task(executorPreference: MainLoop.executor) { _ = await first.value }
        line.join {
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
            try await putBack(former, by: CancellableDerivers(makeDeriver, within: .seconds(120)))
            return nil
        } catch {
            await keepSaved(former)
            return former
        }
    }

    /// Tries again what a lock could not put back at once; it is kept by now, if it can be.
    private func putBackLater(_ former: KDBXReader.Opened) async {
        let derivers = CancellableDerivers(makeDeriver, within: .seconds(120))
        attempts = derivers
        defer { if attempts === derivers { attempts = nil } }
        for attempt in 1... {
            guard isRetryDue else { return }
            // Another program may be in the middle of writing it.
            await pauseBeforeRetry()
            guard isRetryDue else { return }
            // What is in memory alone has only the file to go to: just the end of the daemon's time ends that.
            let isKept = unwrittenSaves.trouble == nil
            do throws(VaultError) {
                return try await putBack(
                    former,
                    by: isKept ? derivers : CancellableDerivers(makeDeriver, within: .seconds(120))
                )
            } catch {
                guard attempt < 5 else {
                    return log.isNotPutBack(
                        error,
                        keptIn: unwrittenSaves.trouble == nil ? unwrittenSaves.paths : []
                    )
                }
            }
        }
    }

    /// False where the vault is open again or the daemon ends: what is kept goes into the file by the next unlock.
    private var isRetryDue: Bool {
        if isGivenUp { return false }
        return opened == nil && !isFinishing || unwrittenSaves.trouble != nil
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
        putters = derivers
        defer { putters = nil }
        guard !isGivenUp, let reader = derivers.next(), let writer = derivers.next() else {
            throw .unavailable("Deriving the key of the vault \(name) takes too long.")
        }
        let time = now()
        let state = try await work { [file] () throws(VaultError) in
            try file.putBack(former, at: time, by: reader, writingBy: writer)
        }
        await dropKept(in: state)
    }
}
