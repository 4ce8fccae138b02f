// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import KDBX
import Vault

// What the file can't take, kept elsewhere until it can.
extension KDBXStore {
    /// What is kept elsewhere, as far as known; what is being looked up now is reported the next time.
    func keptNow() -> [String] {
        let known = unwrittenSaves.paths
        if !known.isEmpty || unwrittenSaves.trouble != nil, !isLookingAtKept {
            isLookingAtKept = true
            Task(executorPreference: MainLoop.executor) { await self.lookAtKept() }
        }
        return known
    }

    /// Looks at what is kept, and tries once more to keep what is in memory alone.
    func lookAtKept() async {
        let trouble = unwrittenSaves.trouble
        await keeping { [unwrittenSaves] in _ = unwrittenSaves.look() }
        isLookingAtKept = false
        if trouble != unwrittenSaves.trouble { changeBroadcast.send(()) }
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
        let trouble = unwrittenSaves.trouble
        do throws(VaultError) {
            let isNew = try await keeping { [file, unwrittenSaves] () throws(VaultError) in
                guard !unwrittenSaves.has(former.saved) else {
                    return isMissing && unwrittenSaves.noteMissing { former.saved.contains($0.saves) }
                }
                unwrittenSaves.keep(try file.encrypted(former), saves: former.saved)
                return true
            }
            guard isNew else {
                if trouble != unwrittenSaves.trouble { changeBroadcast.send(()) }
                return
            }
            if let trouble = unwrittenSaves.trouble {
                log.isNotKept(trouble)
            } else {
                log.isKept(in: unwrittenSaves.paths)
            }
        } catch {
            log.isNotKept("\(error)")
        }
        changeBroadcast.send(())
        keepLater()
    }

    /// Tries again and again to keep what is in memory alone, at first soon.
    ///
    /// Not in the line, where saves and readings would wait for it.
    private func keepLater() {
        guard unwrittenSaves.isAnyInMemory, !isRetrying else { return }
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
        isRetrying = unwrittenSaves.isAnyInMemory
        return isRetrying
    }

    /// The file has this state, as was just read or written, though the disk may not.
    func dropKept(in state: KDBXReader.Opened) async {
        guard !state.saved.isEmpty else { return }
        let isKnown = unwrittenSaves.duplicates(state.saved, state.digest)
        guard !isKnown || !unwrittenSaves.paths.isEmpty || unwrittenSaves.isAnyInMemory else { return }
        let removed = await work { [file, unwrittenSaves] in
            file.bytesForCertain(of: state).map { unwrittenSaves.drop(state.saved, in: $0, state.digest) }
                ?? []
        }
        if !removed.isEmpty { log.isMerged(removed) }
        changeBroadcast.send(())
    }
}
