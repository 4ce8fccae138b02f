// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import SecureMemory
import Vault

/// What a lock could not put back at once.
struct KDBXUnsettled: Sendable {
    let former: KDBXReader.Opened
    /// Where it is kept meanwhile; nil if it can't be kept anywhere.
    let path: String?
}

/// A state of the vault that is kept in the state folder.
struct KDBXOwnKept: Sendable {
    /// The digest of the file that Keybell had read or written when it was in that state.
    let digest: [UInt8]
    let path: String
}

// What was saved and isn't in the file because another program has written that: it was acknowledged, and is never
// lost.
extension KDBXStore {
    /// Whether the file has another key now than the one that is known.
    var needsKey: Bool { opened != nil && trouble == file.reader.otherKey }

    // MARK: - After a lock

    /// Sees, once the vault is locked, that what was saved is in the file, or kept in the state folder.
    ///
    /// It keeps its own hold on what it needs until it is done.
    func settle(_ former: KDBXReader.Opened) {
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

    private func putBackOrKeep(_ former: KDBXReader.Opened) async -> KDBXUnsettled? {
        do throws(VaultError) {
            try await putBack(former)
            await dropKept(of: former)
            return nil
        } catch {
            return KDBXUnsettled(former: former, path: await written(former))
        }
    }

    private func putBackLater(_ unsettled: KDBXUnsettled) async {
        for attempt in 1... {
            // Another program may be in the middle of writing it; nobody cancels this.
            try? await pause(.seconds(1))
            // Opened again: what is kept goes into the file then.
            if opened != nil, unsettled.path != nil { return }
            do throws(VaultError) {
                try await putBack(unsettled.former)
                return await dropKept(of: unsettled.former)
            } catch {
                guard attempt < 5 else { return log.isNotPutBack(error, keptIn: unsettled.path) }
            }
        }
    }

    private func putBack(_ former: KDBXReader.Opened) async throws(VaultError) {
        let (time, reader, writer) = (now(), makeDeriver(), makeDeriver())
        try await work { [file] () throws(VaultError) in
            try file.putBack(former, at: time, by: reader, writingBy: writer)
        }
    }

    // MARK: - Keeping it elsewhere

    /// What is kept elsewhere, as far as known; what is being looked up now is reported the next time.
    func keptNow() -> [String] {
        let known = kept.value
        if !known.isEmpty, !isLookingAtKept {
            isLookingAtKept = true
            Task(executorPreference: MainLoop.executor) { await self.lookAtKept() }
        }
        return known
    }

    private func lookAtKept() async {
        await work { [place, kept] in kept.replace(with: place.found()) }
        isLookingAtKept = false
    }

    /// Keeps what was saved while the vault is open, so that not even the daemon's sudden end loses it.
    func keepSaved(_ former: KDBXReader.Opened) async {
        guard !former.saved.isEmpty, let path = await written(former) else { return }
        log.isKept(in: path)
    }

    /// Where a state is kept by now; nil if it can't be.
    private func written(_ former: KDBXReader.Opened) async -> String? {
        let last = ownKept
        if let last, last.digest == former.digest { return last.path }
        let deriver = makeDeriver()
        do throws(VaultError) {
            let path = try await work { [file, place, kept] () throws(VaultError) in
                let path = try file.keep(former, in: place, by: deriver)
                // All of that is in the later state.
                if let last { KDBXKept.remove(last.path) }
                kept.replace(with: place.found())
                return path
            }
            ownKept = KDBXOwnKept(digest: former.digest, path: path)
            news.send(())
            return path
        } catch {
            log.isNotKept(error)
            return nil
        }
    }

    /// The file has what was kept of a state.
    func dropKept(of former: KDBXReader.Opened) async {
        guard let own = ownKept, own.digest == former.digest else { return }
        ownKept = nil
        await remove([own.path])
    }

    private func remove(_ paths: [String]) async {
        guard !paths.isEmpty else { return }
        await work { [place, kept] in
            for path in paths { KDBXKept.remove(path) }
            kept.replace(with: place.found())
        }
        log.isMerged(paths)
        news.send(())
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
            throw .unavailable(isBusy)
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
        // Not in the queue, where something that takes long may be waiting.
        guard !(await opening { [place] in place.found() }).isEmpty else { return }
        let merging = line.join { await self.mergeKeptNow(openedBy: passwords) }
        // What takes longer goes on.
        try? await withDeadline(timeout) { await merging.value }
    }

    private func mergeKeptNow(openedBy passwords: [SecretBytes?]) async {
        guard let former = opened else { return }
        let (era, derivers) = (era, EndableDerivers(makeDeriver))
        merging = derivers
        defer { if merging === derivers { merging = nil } }
        let (merged, paths) = await work { [file, place, kept] in
            kept.replace(with: place.found())
            return file.withKept(former, in: place, openedBy: passwords, by: derivers)
        }
        if !paths.isEmpty, era == self.era {
            do throws(VaultError) {
                if try await putIntoFile(merged, after: former, era) { await remove(paths) }
            } catch {
                log.isNotRead(error)
            }
        }
        let left = kept.value
        if !left.isEmpty { log.isLeft(left) }
    }

    /// Puts into the file what is served from now on, unless it was locked since this era.
    ///
    /// - Returns: Whether it is there; if not, it is only served, and written with the next save, or the file is
    ///   another database by now.
    private func putIntoFile(
        _ pending: KDBXReader.Opened,
        after former: KDBXReader.Opened,
        _ era: Int
    ) async throws(VaultError) -> Bool {
        guard era == self.era else { throw .locked }
        let (time, deriver, writer) = (now(), makeDeriver(), makeDeriver())
        let result = try await work { [file] () throws(VaultError) in
            try file.reread(pending, at: time, by: deriver, writingBy: writer)
        }
        guard era == self.era, let result else { throw .locked }
        return await serve(result, after: former)
    }

    /// Serves what the file has come to, and keeps elsewhere what of the former state isn't in it.
    ///
    /// - Returns: Whether all of that is in the file.
    func serve(_ result: KDBXReader.Opened, after former: KDBXReader.Opened) async -> Bool {
        take(result)
        let isSame = result.snapshot.isOf(former.snapshot)
        if !isSame {
            // What was saved has no place in another database, and this one may be there by mistake.
            await keepSaved(former)
            ownKept = nil
        } else if result.isUnwritten {
            await keepSaved(result)
        } else {
            await dropKept(of: former)
        }
        await tell(result)
        return isSame && !result.isUnwritten
    }
}
