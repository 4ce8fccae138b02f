// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import KDBX
import SecureMemory
import Vault

// What was saved and isn't in the file because another program has written that: it was acknowledged, and is never
// lost.
extension KDBXStore {
    /// Whether the file has another key now than the one that is known.
    var needsKey: Bool { opened != nil && trouble == file.reader.otherKey }

    // MARK: - After a lock

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
        let derivers = EndableDerivers(makeDeriver, within: .seconds(120))
        attempts = derivers
        defer { if attempts === derivers { attempts = nil } }
        for attempt in 1... {
            // Opened again: what is kept goes into the file then. When the daemon ends, it does so the next time.
            if opened != nil || isFinishing, keeper.trouble == nil { return }
            // Another program may be in the middle of writing it; nobody cancels this.
            try? await pause(retryPause)
            if opened != nil || isFinishing, keeper.trouble == nil { return }
            // What is in memory alone has only the file to go to: that isn't ended.
            guard let reader = keeper.trouble == nil ? derivers.next() : makeDeriver(),
                let writer = keeper.trouble == nil ? derivers.next() : makeDeriver()
            else { return }
            do throws(VaultError) {
                return try await putBack(former, by: reader, writingBy: writer)
            } catch {
                guard attempt < 5 else {
                    return log.isNotPutBack(error, keptIn: keeper.trouble == nil ? keeper.paths : [])
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
        try await work { [file] () throws(VaultError) in
            try file.putBack(former, at: time, by: reader, writingBy: writer)
        }
        await dropKept(in: former)
    }

    // MARK: - Keeping it elsewhere

    /// What is kept elsewhere, as far as known; what is being looked up now is reported the next time.
    func keptNow() -> [String] {
        let known = keeper.paths
        if !known.isEmpty || keeper.trouble != nil, !isLookingAtKept {
            isLookingAtKept = true
            Task(executorPreference: MainLoop.executor) { await self.lookAtKept() }
        }
        return known
    }

    /// Looks at what is kept, and tries once more to keep what is in memory alone.
    func lookAtKept() async {
        let trouble = keeper.trouble
        await work { [keeper] in _ = keeper.look() }
        isLookingAtKept = false
        if trouble != keeper.trouble { changeBroadcast.send(()) }
    }

    /// Keeps what was saved while the vault is open, so that not even the daemon's sudden end loses it.
    func keepSaved(_ former: KDBXReader.Opened) async {
        guard !former.saved.isEmpty else { return }
        let deriver = makeDeriver()
        do throws(VaultError) {
            let isNew = try await work { [file, keeper] () throws(VaultError) in
                guard !keeper.has(former.saved) else { return false }
                do throws(VaultError) {
                    keeper.keep(try file.encrypted(former, by: deriver), saves: former.saved)
                } catch {
                    keeper.isNotEncrypted(error)
                    throw error
                }
                return true
            }
            guard isNew else { return }
            if let trouble = keeper.trouble { log.isNotKept(trouble) } else { log.isKept(in: keeper.paths) }
        } catch {
            log.isNotKept("\(error)")
        }
        changeBroadcast.send(())
        keepLater()
    }

    /// Tries again and again to keep what is in memory alone.
    private func keepLater() {
        guard keeper.trouble != nil, !isRetrying else { return }
        isRetrying = true
        Task(executorPreference: MainLoop.executor) { [weak self] in
            while await self?.isStillUnkept() == true {
                // Nobody cancels it.
                try? await pause(.seconds(10))
            }
        }
    }

    private func isStillUnkept() async -> Bool {
        await lookAtKept()
        isRetrying = keeper.trouble != nil
        return isRetrying
    }

    /// The file has this state, as was just read or written.
    func dropKept(in state: KDBXReader.Opened) async {
        guard !state.saved.isEmpty, !keeper.paths.isEmpty || keeper.trouble != nil else { return }
        let removed = await work { [keeper] in keeper.drop(state.saved) }
        if !removed.isEmpty { log.isMerged(removed) }
        changeBroadcast.send(())
    }

    // MARK: - With another key

    /// Continues with the file's new key, and puts into the file what was saved under the former one.
    ///
    /// - Returns: Whether it is still the file's key: the file that was there before may be back.
    /// - Throws: Why it can't; that it takes too long, too: it goes on then.
    func goOn(with other: KDBXReader.Opened) async throws(VaultError) -> Bool {
        let going = line.join { await self.goOnNow(with: other) }
        // Something before it in the line may hang.
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

    /// Puts into the file what was kept and can be opened by one of these passwords.
    func mergeKept(openedBy passwords: [SecretBytes?], within timeout: Duration) async {
        // Not in the queue, where something that takes long may be waiting, unless that may keep something.
        let isAny = await opening { [keeper] in !keeper.look().isEmpty }
        guard isAny || settlingCount > 0 else { return }
        let merging = line.join { await self.mergeKeptNow(openedBy: passwords) }
        // What takes longer goes on.
        try? await withDeadline(timeout) { await merging.value }
    }

    private func mergeKeptNow(openedBy passwords: [SecretBytes?]) async {
        guard let former = opened else { return }
        // What waits behind them is a save or the daemon's end.
        let (era, derivers) = (era, EndableDerivers(makeDeriver, within: .seconds(30)))
        merging = derivers
        defer { if merging === derivers { merging = nil } }
        let merged = await work { [file, keeper] in
            file.withKept(former, in: keeper, openedBy: passwords, by: derivers)
        }
        guard era == self.era else { return }
        var unwritten: VaultError?
        if merged.isAny {
            // It stays kept until the file has it.
            let attempts = EndableDerivers(makeDeriver, within: .seconds(120))
            self.attempts = attempts
            defer { if self.attempts === attempts { self.attempts = nil } }
            do throws(VaultError) {
                _ = try await putIntoFile(merged.opened, after: former, era, attempts)
            } catch {
                unwritten = error
            }
        }
        guard era == self.era else { return }
        if let unwritten { log.isNotRead(unwritten) }
        var left = merged.left
        let told = Set(left.values.joined())
        let others = keeper.paths.filter { !told.contains($0) }
        if !others.isEmpty { left[.unwritten] = others }
        for (reason, paths) in left where !paths.isEmpty { log.isLeft(paths, reason) }
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
        _ derivers: EndableDerivers? = nil
    ) async throws(VaultError) -> Bool {
        guard era == self.era else { throw .locked }
        let time = now()
        let deriver = derivers?.next() ?? makeDeriver()
        let writer = derivers?.next() ?? makeDeriver()
        let result = try await work { [file] () throws(VaultError) in
            try file.reread(pending, at: time, by: deriver, writingBy: writer)
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
        let isSame = result.snapshot.isOf(former.snapshot)
        // What was saved has no place in another database, and this one may be there by mistake.
        if !isSame { await keepSaved(former) }
        if result.isUnwritten { await keepSaved(result) } else { await dropKept(in: result) }
        await tell(result)
        return isSame && !result.isUnwritten
    }
}
