// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
package import KDBX
package import Linux
package import Logging
import SecureMemory
package import Vault

/// Logins in a KDBX file, as KeePass and its relatives have them.
///
/// Locked at first. Once opened, everything is served from memory, where passwords are sealed, and the file is
/// followed: what other programs write is read with the key that is kept. Keys are derived, and files read and written,
/// on a queue of the vault's own; only whoever asked for it waits.
package actor KDBXStore: MainLoopActor, VaultStore {
    package nonisolated let name: String
    package nonisolated let kind = VaultKind.kdbx

    /// The file, or a link to it.
    package nonisolated let path: String
    var file: KDBXFile
    let log: KDBXLog
    let now: @Sendable () -> Int64
    /// Where passwords come from.
    package private(set) var passwords: any VaultPasswords
    private let hashFile: KDBXHashFile
    /// The paths of the configuration's other vaults.
    private var otherVaults: Set<String>
    let work: BlockingWork
    /// Unlocking has a thread of its own, since a save that is under way goes on after a lock.
    let opening: BlockingWork
    /// So has the state folder, since neither a key derivation nor a vault's file that hangs may keep it from having what
    /// was saved.
    let keeping: BlockingWork
    /// The key derivations that a lock, or the end of the daemon, ends.
    var derivations: KDBXDerivations
    /// Why the file can no longer be read as it is now.
    var trouble: VaultError?
    nonisolated let changeBroadcast = Broadcast<Void>(backlog: 1)

    var opened: KDBXReader.Opened?
    private var isClosed = false
    /// Counts the locks, so that what began before one does not undo it.
    var era = 0
    /// Keeps what was saved while the file can't take it.
    let keptSaves: KDBXKeptSaves
    /// The first try to put back what a lock has found overwritten.
    var settling: Task<Void, Never>?
    /// How many of those are under way.
    var settlingCount = 0
    /// The passwords by which what is kept is to be opened.
    var mergePasswords = MergePasswords()
    var isAwaitingStateFolder = false
    /// What is kept and wasn't merged when that was tried last.
    var leftKept: [KDBXLog.Left: [String]] = [:]
    /// What of that the log has.
    var toldLeft: [KDBXLog.Left: [String]] = [:]
    /// What waits before that is tried again.
    var retryPausing: Task<Void, Never>?
    /// Whether the daemon ends: what is kept is merged the next time.
    var isFinishing = false
    var isLookingAtKept = false
    var isRetrying = false
    private var unlocking: KDBXUnlock.Running?
    /// How long an unlock waits for other work on the file, which goes on after that.
    private static let sideworkTimeout = Duration.seconds(10)
    private var fileWatch: KDBXFileWatch
    /// The reading of the file that was asked for last.
    private var reading: Task<Void, Never>?
    /// What is known about the file where inotify doesn't report everything.
    let poll: KDBXFilePoll
    /// The saves and readings of the file.
    var fileTasks = SerialTaskQueue()
    /// How long whoever saves waits for the file, which may lie on a network mount that hangs.
    let timeout: Duration
    /// How long it waits before it tries once more to put back what a lock has found overwritten.
    let retryPause: Duration

    /// A vault over a file; nothing is read yet, but what a killed save may have left beside it is removed.
    ///
    /// - Parameters:
    ///   - name: What configuration and prompts call it.
    ///   - path: The file, or a link to it.
    ///   - keyFile: Its key file, if it has one.
    ///   - maximumSeconds: How long deriving the key may take.
    ///   - maximumMemory: How many mebibytes that may take.
    ///   - otherVaults: The paths of the configuration's other vaults: what is kept for them is none of this one's.
    ///   - passwords: Where passwords come from.
    ///   - makeDeriver: Makes what derives a key, for one unlock, reading or writing.
    ///   - state: The folder for what it keeps outside the file, made when needed.
    ///   - logger: Where trouble goes; never a login's title, user name or URL.
    ///   - now: The time, in seconds since 1970.
    ///   - timeout: How long whoever saves waits for the file.
    ///   - stateTimeout: How long whoever opens the vault or saves waits for the state folder.
    ///   - lookTimeout: How long a use waits for a look at a file whose changes aren't reported.
    ///   - retryPause: How long it waits before it tries once more to put back what a lock has found overwritten.
    ///   - tellsChanges: Whether inotify reports whatever changes a file.
    ///   - reached: Told of each step of a save, for tests.
    package init(
        name: String,
        path: String,
        keyFile: String? = nil,
        maximumSeconds: Int = 20,
        maximumMemory: Int = 2048,
        otherVaults: Set<String> = [],
        passwords: any VaultPasswords,
        makeDeriver: @escaping @Sendable () -> any KeyDeriver = { DirectDeriver() },
        state: String,
        logger: Logger,
        now: @escaping @Sendable () -> Int64 = { CalendarTime.now },
        timeout: Duration = .seconds(120),
        stateTimeout: Duration = .seconds(10),
        lookTimeout: Duration = .seconds(5),
        retryPause: Duration = .seconds(1),
        tellsChanges: @escaping @Sendable (String) -> Bool = FileSystem.tellsChanges(of:),
        reached: @escaping @Sendable (FileReplacement.Step) throws(SystemCallError) -> Void = { _ in }
    ) {
        self.name = name
        self.path = path
        self.otherVaults = otherVaults
        self.passwords = passwords
        log = KDBXLog(vault: name, logger: logger)
        (self.now, self.timeout, self.retryPause) = (now, timeout, retryPause)
        derivations = KDBXDerivations(makeDeriver)
        let limits = KDBXLimits(seconds: maximumSeconds, mebibytes: maximumMemory)
        keptSaves = KDBXKeptSaves(name: name, path: path, state: state, timeout: stateTimeout)
        let writer = KDBXFileWriter(
            vault: name,
            path: path,
            backup: KDBXBackup.inState(state, of: path),
            logger: logger,
            reached: reached
        )
        file = KDBXFile(
            reader: KDBXReader(name: name, path: path, keyFile: keyFile, limits: limits),
            writer: writer,
            keptSaves: keptSaves,
            logger: logger
        )
        work = BlockingWork(label: "org.keybell.kdbx")
        hashFile = KDBXHashFile(
            vault: name,
            file: KDBXIdentity.file(of: path, in: state),
            logger: logger
        )
        fileWatch = KDBXFileWatch(vault: name, path: path, logger: logger)
        poll = KDBXFilePoll(path: path, timeout: lookTimeout, tellsChanges: tellsChanges)
        opening = BlockingWork(label: "org.keybell.kdbx.opening")
        keeping = BlockingWork(label: "org.keybell.kdbx.keeping")
        // Before it is opened, and so before anything is saved.
        opening.begin { writer.clearLitter() }
        keeping.begin { [keptSaves] in keptSaves.look() }
    }

    deinit {
        unlocking?.end()
        derivations.end(.reading)
    }

    package nonisolated func changes() -> AsyncStream<Void> {
        changeBroadcast.listen()
    }

    package func hash() async -> String? { await hashFile.hash }

    package func isLocked() -> Bool { opened == nil }

    package func status() async -> VaultStatus {
        let hash = await hashFile.hash
        return VaultStatus(
            name: name,
            kind: kind,
            path: path,
            isLocked: opened == nil,
            count: opened?.snapshot.index.count ?? 0,
            replacementIDCount: opened?.snapshot.database.replacementIDs.count ?? 0,
            trouble: opened == nil ? nil : trouble.map { "\($0)" },
            kept: keptNow(),
            unkept: keptSaves.trouble ?? keptSaves.missingDuplicate
                ?? (opened == nil ? nil : keptSaves.delay),
            hash: hash
        )
    }

    /// Drops the database and its key; an unlock that is under way comes to nothing, and its key derivation ends.
    ///
    /// A save that the person has allowed is finished, and so is putting back what another program has overwritten.
    package func lock() async {
        era += 1
        if let opened, !opened.saved.isEmpty {
            settle(opened)
        }
        unlocking?.end()
        unlocking = nil
        derivations.end(.reading)
        derivations.end(.openingKept)
        mergePasswords.forget()
        leftKept = [:]
        (opened, trouble) = (nil, nil)
        fileWatch.stop()
        changeBroadcast.send(())
    }

    package func close() async {
        isClosed = true
        await lock()
        changeBroadcast.finish()
    }

    package func savesAreDone() async {
        await fileTasks.isDone()
        // What a save has joined at its end, since the vault was locked meanwhile.
        await fileTasks.isDone()
    }

    /// Changes how it is opened from the next time on; while it is open it stays so, and an unlock that is under way
    /// goes on as it began.
    ///
    /// - Parameters:
    ///   - keyFile: Its key file, if it has one.
    ///   - maximumSeconds: How long deriving the key may take.
    ///   - maximumMemory: How many mebibytes that may take.
    ///   - otherVaults: The paths of the configuration's other vaults.
    ///   - passwords: Where passwords come from.
    package func apply(
        keyFile: String?,
        maximumSeconds: Int,
        maximumMemory: Int,
        otherVaults: Set<String> = [],
        passwords: any VaultPasswords
    ) {
        let limits = KDBXLimits(seconds: maximumSeconds, mebibytes: maximumMemory)
        file.reader = KDBXReader(name: name, path: path, keyFile: keyFile, limits: limits)
        (self.passwords, self.otherVaults) = (passwords, otherVaults)
    }

    /// What is in the vault, if it is open.
    func snapshot() throws(VaultError) -> KDBXSnapshot {
        guard let opened else { throw .locked }
        return opened.snapshot
    }

    // MARK: - Unlocking

    /// Asks for the password until it is right; whoever comes meanwhile waits for the same outcome.
    ///
    /// Each waits only as long as it wants to. If the one on whose behalf the person was asked gives up, they are asked
    /// on behalf of the next.
    ///
    /// If another program has given the file another key while it was open, that one is asked for.
    package func unlock(for reason: UnlockReason) async throws(VaultError) {
        if trouble != nil, unlocking == nil {
            // It may be over; if that can't be told in time, nothing changes.
            try? await withDeadline(Self.sideworkTimeout) { await self.fileChanged() }
            if let trouble, !needsKey { throw trouble }
        }
        while opened == nil || needsKey {
            guard !isClosed else { throw .leftOut(name) }
            guard let other = unlocking else { return try await beginUnlock(for: reason).value.get() }
            guard let outcome = await reason.whileWanted({ await other.task.value }) else {
                throw .notUnlocked(.cancelled)
            }
            guard other.unlock.reason.isGivenUp, case .failure(.notUnlocked(.cancelled)) = outcome else {
                return try outcome.get()
            }
        }
        guard isFormerPasswordWanted, reason.isByHand, unlocking == nil else { return }
        try await beginUnlock(for: reason).value.get()
    }

    private func beginUnlock(for reason: UnlockReason) -> Task<Result<Void, VaultError>, Never> {
        let unlock = KDBXUnlock(
            of: file.reader,
            with: passwords,
            for: reason,
            on: opening,
            makeDeriver: derivations.makeDeriver
        )
        let task = Task(executorPreference: MainLoop.executor) { () -> Result<Void, VaultError> in
            let outcome = await self.carryOut(unlock)
            await self.ended(unlock)
            return outcome
        }
        unlocking = KDBXUnlock.Running(unlock: unlock, task: task)
        return task
    }

    private func ended(_ unlock: KDBXUnlock) {
        guard !unlock.isEnded else { return }
        unlocking = nil
        if opened == nil { fileWatch.stop() }
    }

    private func carryOut(_ unlock: KDBXUnlock) async -> Result<Void, VaultError> {
        guard opened == nil || needsKey else {
            await askForFormerPassword(unlock)
            return unlock.isEnded ? .failure(unlock.failure(.locked)) : .success(())
        }
        do throws(VaultError) {
            try await unlock.checkFile()
            // Before the file is read, so that no change between the two is missed.
            if !unlock.isEnded { watch() }
            fileWatch.openingBegins()
            let (opened, password) = try await unlock.open()
            guard !unlock.isEnded else { throw .locked }
            if self.opened != nil {
                guard try await goOn(with: opened) else { return .success(()) }
            } else {
                let opened = await opening { [file, keptSaves, otherVaults] in
                    file.withDuplicated(opened, in: keptSaves, otherVaults: otherVaults)
                }
                guard !unlock.isEnded else { throw .locked }
                take(opened)
                await poll.begin()
                await tell(opened)
            }
            if !unlock.isEnded {
                await mergeKept(openedBy: [password] + unlock.failed, within: Self.sideworkTimeout)
            }
            // A lock may come at each of these.
            if !unlock.isEnded { await unlock.keep(password) }
            if !unlock.isEnded, fileWatch.isOutdated {
                // What was opened is served until what came after it can be read.
                try? await withDeadline(Self.sideworkTimeout) { await self.fileChanged() }
            }
            await askForFormerPassword(unlock)
            guard !unlock.isEnded else { throw .locked }
            return .success(())
        } catch {
            let failure = unlock.failure(error)
            log.isStillLocked(failure)
            return .failure(failure)
        }
    }

    /// Serves this from now on, without suspending: a lock must not come in between.
    func take(_ result: KDBXReader.Opened) {
        let replacementIDCount = result.snapshot.database.replacementIDs.count
        if replacementIDCount > 0, replacementIDCount != opened?.snapshot.database.replacementIDs.count {
            log.servesReplacementIDs(replacementIDCount)
        }
        (opened, trouble) = (result, nil)
    }

    func tell(_ result: KDBXReader.Opened) async {
        await hashFile.pin(result.snapshot.database)
        changeBroadcast.send(())
    }

    // MARK: - Following the file

    private func watch() {
        let isWatched = fileWatch.watch { [weak self] in
            Task(executorPreference: MainLoop.executor) { await self?.fileChanged() }
        }
        poll.note(isWatched: isWatched)
    }

    /// Reads the file anew; ends once a reading that began after this call is done.
    func fileChanged() async {
        guard opened != nil || unlocking != nil else { return }
        if fileWatch.requestReading() { reading = fileTasks.join { await self.rereadNow() } }
        await reading?.value
    }

    private func rereadNow() async {
        fileWatch.readingBegins()
        guard let former = opened else { return fileWatch.changedWhileOpening() }
        let era = era
        // The path may lead elsewhere from now on.
        watch()
        do throws(VaultError) {
            let derivers = derivations.begin(.reading)
            defer { derivations.isDone(.reading, derivers) }
            guard let deriver = derivers.next() else { return }
            // As in a save: what was acknowledged is put back even if the vault is locked meanwhile.
            let writer = derivations.makeDeriver()
            let result = try await work { [file] () throws(VaultError) in
                try file.reread(former, by: deriver, writingBy: writer)
            }
            guard era == self.era else { return }
            guard let result else {
                guard trouble != nil else { return }
                trouble = nil
                await dropKept(in: former)
                changeBroadcast.send(())
                return
            }
            await serve(result, after: former)
        } catch {
            // If it was locked meanwhile, it serves none of it.
            guard era == self.era else { return }
            if trouble != error { log.isNotRead(error) }
            await goOnServing(former, because: error)
        }
    }
}
