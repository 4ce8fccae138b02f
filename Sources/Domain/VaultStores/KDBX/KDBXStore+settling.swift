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
        let first = line.join { await self.putBackOrKeep(former) }
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
            let (reader, writer) = (makeDeriver(), makeDeriver())
            try await putBack(former, by: reader, writingBy: writer)
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
            // Opened again: what is kept goes into the file then. When the daemon ends, it does so the next time.
            if opened != nil || isFinishing, unwrittenSaves.trouble == nil { return }
            // Another program may be in the middle of writing it; nobody cancels this.
            try? await pause(retryPause)
            if opened != nil || isFinishing, unwrittenSaves.trouble == nil { return }
            // What is in memory alone has only the file to go to: that isn't ended.
            guard let reader = unwrittenSaves.trouble == nil ? derivers.next() : makeDeriver(),
                let writer = unwrittenSaves.trouble == nil ? derivers.next() : makeDeriver()
            else { return }
            do throws(VaultError) {
                return try await putBack(former, by: reader, writingBy: writer)
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

    private func putBack(
        _ former: KDBXReader.Opened,
        by reader: any KeyDeriver,
        writingBy writer: any KeyDeriver
    ) async throws(VaultError) {
        let time = now()
        let state = try await work { [file] () throws(VaultError) in
            try file.putBack(former, at: time, by: reader, writingBy: writer)
        }
        await dropKept(in: state)
    }
}
