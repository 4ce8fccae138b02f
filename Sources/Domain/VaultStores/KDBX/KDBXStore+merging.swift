// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import KDBX
import SecureMemory
import Vault

// What was kept goes into the file once that can take it again, or once the other key is known that opens it now. A save
// into a file that another program has changed is merged by `KDBXFile`, with `Merger`.
extension KDBXStore {
    /// Whether the file has another key now than the one that is known.
    var needsKey: Bool { opened != nil && trouble == file.reader.otherKey }

    /// Continues with the file's new key, and puts into the file what was saved under the former one.
    ///
    /// - Returns: Whether it is still the file's key: the file that was there before may be back.
    /// - Throws: Why it can't; that it takes too long, too: it goes on then.
    func goOn(with other: KDBXReader.Opened) async throws(VaultError) -> Bool {
        let going = fileTasks.join { await self.goOnNow(with: other) }
        // What comes before it may hang.
        guard let outcome = try? await withDeadline(timeout, { await going.value }) else {
            throw .unavailable(keyIsBusy)
        }
        return try outcome.get()
    }

    private func goOnNow(with other: KDBXReader.Opened) async -> Result<Bool, VaultError> {
        guard let former = opened else { return .failure(.locked) }
        guard needsKey else { return .success(false) }
        do throws(VaultError) {
            _ = try await putIntoFile(former.pending(under: other), after: former, era)
            return .success(true)
        } catch {
            return .failure(error)
        }
    }

    /// Whether something is kept under a password that nobody has given.
    var isFormerPasswordWanted: Bool { opened != nil && leftKept[.unopened] != nil }

    /// Asks the person for a password that the vault had before, where something is kept under that, and they unlock it
    /// themselves; it takes as long as they do.
    func askForFormerPassword(_ unlock: KDBXUnlock) async {
        guard unlock.reason.isByHand else { return }
        for attempt in 1... {
            guard isFormerPasswordWanted, !unlock.isEnded,
                let password = await unlock.formerPassword(attempt: attempt), !unlock.isEnded,
                // What takes long may yet have been the right one.
                await mergeKept(openedBy: [password], within: timeout)
            else { return }
        }
    }

    /// Puts into the file what was kept and can be opened by one of these passwords.
    ///
    /// - Returns: Whether that is done, or there was nothing to do; else it goes on.
    @discardableResult
    func mergeKept(openedBy passwords: [SecretBytes?], within timeout: Duration) async -> Bool {
        let era = era
        // Not in the queue, where something that takes long may be waiting, unless that may keep something.
        let saved = opened?.saved ?? KDBXSaves()
        let isAny = await opening { [keptSaves] in
            keptSaves.look().contains { !saved.contains($0.saves) } || keptSaves.isAnyInMemory
        }
        if keptSaves.isHanging { mergeOnceAnswered(openedBy: passwords) }
        guard isAny || settlingCount > 0 else {
            leftKept = [:]
            return true
        }
        guard era == self.era else { return true }
        // Not in what waits for its turn, which a lock can't take out.
        let number = mergePasswords.add(passwords)
        let merging = fileTasks.join { await self.mergeKeptNow(number) }
        // What takes longer goes on.
        return (try? await withDeadline(timeout) { await merging.value }) != nil
    }

    /// Merges what is kept once the state folder answers, unless the vault is locked before that.
    private func mergeOnceAnswered(openedBy passwords: [SecretBytes?]) {
        guard opened != nil else { return }
        mergePasswords.delay(passwords)
        changeBroadcast.send(())
        guard !isAwaitingStateFolder else { return }
        isAwaitingStateFolder = true
        log.isNotLookedFor(keptSaves.delay ?? "")
        Task(executorPreference: MainLoop.executor) { [weak self, keptSaves] in
            await keptSaves.answers()
            await self?.stateFolderAnswers()
        }
    }

    private func stateFolderAnswers() async {
        isAwaitingStateFolder = false
        if let passwords = mergePasswords.takeDelayed() {
            await mergeKept(openedBy: passwords, within: timeout)
        }
        changeBroadcast.send(())
    }

    private func mergeKeptNow(_ number: Int) async {
        guard let passwords = mergePasswords.take(number), let former = opened else {
            return
        }
        // What waits behind them is a save or the daemon's end.
        let (era, derivers) = (era, derivations.begin(.openingKept, within: .seconds(30)))
        defer { derivations.isDone(.openingKept, derivers) }
        let merged = await work { [file, keptSaves] in
            KDBXKeptMerge(for: file.reader, of: keptSaves, by: derivers)
                .merged(with: former, openedBy: passwords)
        }
        guard era == self.era else { return }
        if merged.isAny {
            // It stays kept until the file has it.
            let writers = derivations.begin(.writingKept)
            defer { derivations.isDone(.writingKept, writers) }
            do throws(VaultError) {
                _ = try await putIntoFile(merged.opened, after: former, era, writers)
            } catch {
                guard era == self.era else { return }
                opened = merged.opened
                if trouble != error { log.isNotMerged(error) }
                await goOnServing(merged.opened, because: error)
            }
        } else if merged.opened.saved != former.saved, var known = opened {
            // The file has it.
            known.saved.add(merged.opened.saved)
            opened = known
            await dropKept(in: known)
        }
        guard era == self.era else { return }
        var left = merged.left
        let told = Set(left.values.joined())
        if !told.isEmpty {
            await work { [keptSaves] in
                _ = keptSaves.noteMissing { $0.path.map(told.contains) ?? false }
            }
        }
        let others = keptSaves.paths.filter { !told.contains($0) }
        if !others.isEmpty { left[.unwritten] = others }
        // Said once, and not by each unlock.
        for (reason, paths) in left where toldLeft[reason] != paths {
            log.isLeft(paths, reason, keyFiles: merged.keyFiles)
        }
        (leftKept, toldLeft) = (left, left)
    }

    /// Puts into the file what is served from now on, unless it was locked since this era.
    ///
    /// The daemon's end ends the derivers, if there are any.
    ///
    /// - Returns: Whether it is there; if not, it is only served, and written with the next save, or the file is
    ///   another database by now.
    func putIntoFile(
        _ pending: KDBXReader.Opened,
        after former: KDBXReader.Opened,
        _ era: Int,
        _ derivers: CancellableDerivers? = nil
    ) async throws(VaultError) -> Bool {
        guard era == self.era else { throw .locked }
        let deriver = derivers?.next() ?? derivations.makeDeriver()
        let writer = derivers?.next() ?? derivations.makeDeriver()
        let result = try await work { [file] () throws(VaultError) in
            try file.reread(pending, by: deriver, writingBy: writer)
        }
        guard era == self.era, let result else { throw .locked }
        return await serve(result, after: former)
    }

    /// Serves what the file has come to, and keeps elsewhere what of the former state isn't in it.
    ///
    /// - Returns: Whether all of that is in the file.
    @discardableResult
    func serve(_ result: KDBXReader.Opened, after former: KDBXReader.Opened) async -> Bool {
        take(result)
        let isSame = result.snapshot.isOf(former.snapshot, but: former.saved)
        // What was saved has no place in another database, and this one may be there by mistake.
        if !isSame { await keepSaved(former) }
        if result.isUnwritten { await keepSaved(result) } else { await dropKept(in: result) }
        await tell(result)
        return isSame && !result.isUnwritten
    }

    /// Goes on serving a state, for the file can't be read or written as it is now, and keeps what was saved in it.
    func goOnServing(_ state: KDBXReader.Opened, because error: VaultError) async {
        trouble = error
        changeBroadcast.send(())
        await keepSaved(state)
    }
}
