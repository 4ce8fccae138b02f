// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
package import Vault

// Saves: one after the other, each on top of what is in the file by then.
extension KDBXStore {
    package func save(_ draft: LoginDraft) async throws(VaultError) -> LoginID {
        // What it starts from if a lock comes before its turn: it has been allowed, and nobody would ask for it again.
        guard let held = opened else { throw .locked }
        let (turn, timeout) = (PendingSave(), timeout)
        let save = line.join { () -> Result<LoginID, VaultError> in
            guard turn.begin() else { return .failure(.unavailable(self.isBusy)) }
            return await self.saveNow(draft, over: held)
        }
        // In a task of its own: whoever waits may be cancelled, and the save goes on.
        let waiting = Task(executorPreference: MainLoop.executor) {
            // Nil if that takes too long.
            try? await withDeadline(timeout) { await save.value }
        }
        if let outcome = await waiting.value { return try outcome.get() }
        let error = VaultError.unavailable(turn.giveUp() ? isBusy : isSlow)
        log.isNotSaved(error)
        throw error
    }

    nonisolated var isBusy: String {
        "The file of the vault \(name) can't be written, for something else there takes too long; nothing was saved. Try again later."
    }

    private nonisolated var isSlow: String {
        "Writing the file of the vault \(name) takes too long. It goes on, and may yet succeed: look at the file before you try again."
    }

    private func saveNow(
        _ draft: LoginDraft,
        over held: KDBXReader.Opened
    ) async -> Result<LoginID, VaultError> {
        do throws(VaultError) {
            let (former, isOpen) = (opened ?? held, opened != nil)
            let (era, time) = (era, now())
            let deriver = makeDeriver()
            // Refuses before anything is touched, if that is known already.
            guard try !former.snapshot.changes(draft).isUnchanged else { throw .unchanged }
            let (saved, id) = try await work { [file] () throws(VaultError) in
                try file.save(draft, over: former, at: time, by: deriver)
            }
            // A lock that came meanwhile has seen to what was saved before.
            if isOpen, era == self.era { _ = await serve(saved, after: former) } else { await tell(saved) }
            return .success(id)
        } catch {
            log.isNotSaved(error)
            return .failure(error)
        }
    }
}
