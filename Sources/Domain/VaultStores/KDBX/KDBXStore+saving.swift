// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import KDBX
package import Vault

// Saves: one after the other, each on top of what is in the file by then.
extension KDBXStore {
    package func save(_ draft: LoginDraft) async throws(VaultError) -> LoginID {
        let ids: [LoginID]
        do throws(AddingFailure) { ids = try await save(.one(draft)) } catch { throw error.reason }
        guard let id = ids.first else { throw .notFound }
        return id
    }

    package func add(_ drafts: [SealedDraft]) async throws(AddingFailure) -> [LoginID] {
        guard !drafts.isEmpty else { return [] }
        return try await save(.new(drafts))
    }

    private func save(_ save: LoginSave) async throws(AddingFailure) -> [LoginID] {
        // What it starts from if a lock comes before its turn: it has been allowed, and nobody would ask for it again.
        guard let held = opened else { throw AddingFailure(.locked) }
        let (turn, timeout) = (PendingSave(), timeout)
        let saving = fileTasks.join { () -> Result<[LoginID], VaultError> in
            guard turn.begin() else { return .failure(.unavailable(self.isBusy)) }
            return await self.saveNow(save, over: held)
        }
        // In a task of its own: whoever waits may be cancelled, and the save goes on.
        let waiting = Task(executorPreference: MainLoop.executor) {
            // Nil if that takes too long.
            try? await withDeadline(timeout) { await saving.value }
        }
        if let outcome = await waiting.value {
            return try outcome.mapError { AddingFailure($0) }.get()
        }
        let isGivenUp = turn.giveUp()
        let error = VaultError.unavailable(isGivenUp ? isBusy : isSlow)
        log.isNotSaved(error)
        throw AddingFailure(error, isUndecided: !isGivenUp)
    }

    nonisolated var isBusy: String {
        "The file of the vault \(name) can't be written, for something else there takes too long; nothing was saved. Try again later."
    }

    /// For whoever has given the file's new password.
    nonisolated var keyIsBusy: String {
        "The vault \(name) hasn't gone on with its file's new password yet, for something else there takes too long. It may yet do so; if it doesn't, unlock it again."
    }

    private nonisolated var isSlow: String {
        "Writing the file of the vault \(name) takes too long. It goes on, and may yet succeed: look at the file before you try again."
    }

    /// What was saved while the vault was locked; if it is open again, it has that from now on like its own saves.
    private func takeOver(_ saved: KDBXReader.Opened) async {
        if opened?.snapshot.isOf(saved.snapshot, but: saved.saved) != false { await tell(saved) }
        // As with what was saved before the lock, another program may overwrite it right now.
        guard let opened else { return settle(saved) }
        // Another database stands in the file's place by now, and nothing else has what was acknowledged.
        guard opened.snapshot.isOf(saved.snapshot, but: saved.saved) else { return await keepSaved(saved) }
        guard opened.digest != saved.digest else {
            // It was read with it.
            self.opened?.saved.add(saved.saved)
            return
        }
        let era = era
        let pending = await work { opened.pending(with: saved) }
        guard era == self.era else { return settle(saved) }
        // A lock from now on sees to it with the rest.
        self.opened = pending
        do throws(VaultError) {
            // The file has it, unless another program has overwritten it since then.
            _ = try await putIntoFile(pending, after: pending, era)
        } catch {
            guard era == self.era else { return }
            if trouble != error { log.isNotRead(error) }
            await goOnServing(pending, because: error)
        }
    }

    private func saveNow(
        _ save: LoginSave,
        over held: KDBXReader.Opened
    ) async -> Result<[LoginID], VaultError> {
        do throws(VaultError) {
            let (former, isOpen) = (opened ?? held, opened != nil)
            let (era, time) = (era, now())
            let deriver = derivations.makeDeriver()
            // Refuses before anything is touched, if that is known already.
            try save.check(in: former.snapshot)
            let (saved, ids) = try await work { [file] () throws(VaultError) in
                try file.save(save, over: former, at: time, by: deriver)
            }
            // A lock that came meanwhile has seen to what was saved before.
            if isOpen, era == self.era { await serve(saved, after: former) } else { await takeOver(saved) }
            return .success(ids)
        } catch {
            log.isNotSaved(error)
            return .failure(error)
        }
    }
}
