// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import FoundationEssentials
package import KDBX
package import Linux
package import Logging
import SecretService
import SecureMemory
package import Vault

/// Logins in a KDBX file, as KeePass and its relatives have them.
///
/// Locked at first. Once opened, everything is served from memory, where passwords are sealed, and the file is
/// followed: what other programs write is read with the key that is kept. Keys are derived, and files read and
/// written, on a queue of the vault's own; nothing waits for that but who asked for it.
package actor KDBXStore: VaultStore {
    package nonisolated let name: String
    package nonisolated let kind = VaultKind.kdbx

    let path: String
    let file: KDBXFile
    let logger: Logger
    let now: @Sendable () -> Int64
    private let passwords: any VaultPasswords
    private let identities: KDBXIdentityFile
    private let work: BlockingWork
    /// Unlocking has a thread of its own, since a save that is under way goes on after a lock.
    private let opening: BlockingWork
    private let makeDeriver: @Sendable () -> any KeyDeriver
    private nonisolated let news = Broadcast<Void>(backlog: 1)

    private var opened: KDBXFile.Opened?
    /// Counts the locks, so that what began before one does not undo it.
    private var era = 0
    private var unlocking: Unlocking?
    /// The derivations that a lock ends: of an unlock, and of reading the file anew.
    ///
    /// Not that of a save: a save begins when the person has allowed it, and nobody would ask again for what a lock had
    /// made of it. What it holds of the database is gone when it ends.
    private var derivers: [ObjectIdentifier: any KeyDeriver] = [:]
    private var watch: FileWatch?
    private var isRereadWanted = false
    /// Whether the file became another while it was being opened.
    private var hasChangedMeanwhile = false
    /// The last of those that stand in line for the file.
    private var line: Task<Void, Never>?
    private var known: KDBXIdentity??

    /// A vault over a file; nothing is read yet, but what a killed save may have left beside it is cleared.
    ///
    /// - Parameters:
    ///   - name: What configuration and prompts call it.
    ///   - path: The file, or a link to it.
    ///   - keyFile: Its key file, if it has one.
    ///   - maximumSeconds: How long deriving the key may take.
    ///   - maximumMemory: How many mebibytes that may take.
    ///   - passwords: Where passwords come from.
    ///   - makeDeriver: Gives who derives a key, for one unlock, reading or writing.
    ///   - state: The folder for what it keeps outside the file, which is made when needed.
    ///   - logger: Where trouble goes; never a login's title, user name or URL.
    ///   - now: The time, in seconds since 1970.
    ///   - reached: Told of each step of a save, for tests.
    package init(
        name: String,
        path: String,
        keyFile: String? = nil,
        maximumSeconds: Int = 20,
        maximumMemory: Int = 2048,
        passwords: any VaultPasswords,
        makeDeriver: @escaping @Sendable () -> any KeyDeriver = { DirectDeriver() },
        state: String,
        logger: Logger,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) },
        reached: @escaping @Sendable (FileReplacement.Step) throws(SystemCallError) -> Void = { _ in }
    ) {
        self.name = name
        self.path = path
        self.passwords = passwords
        self.logger = logger
        self.now = now
        self.makeDeriver = makeDeriver
        let limits = Limits(seconds: maximumSeconds, mebibytes: maximumMemory)
        file = KDBXFile(
            name: name,
            path: path,
            keyFile: keyFile,
            backup: KDBXIdentityFile.place(of: path, in: state, ending: "kdbx-backup"),
            limits: limits,
            logger: logger,
            reached: reached
        )
        identities = KDBXIdentityFile(folder: state, vault: path)
        work = BlockingWork(label: "org.keybell.kdbx")
        opening = BlockingWork(label: "org.keybell.kdbx.opening")
        // Before it is opened, and so before anything is saved.
        opening.begin { KDBXStore.clearLitter(of: path) }
    }

    deinit {
        unlocking?.task.cancel()
        for deriver in derivers.values { deriver.end() }
    }

    package nonisolated func changes() -> AsyncStream<Void> {
        news.listen()
    }

    package func hash() async -> String? { identity()?.hash }

    package func status() async -> VaultStatus {
        VaultStatus(
            name: name,
            kind: kind,
            path: path,
            isLocked: opened == nil,
            count: opened?.shelf.index.count ?? 0,
            standIns: opened?.shelf.database.standIns.count ?? 0,
            hash: identity()?.hash
        )
    }

    package func index() async throws(VaultError) -> LoginIndex {
        try shelf().index
    }

    package func secrets(of id: LoginID) async throws(VaultError) -> LoginSecrets {
        guard let secrets = try shelf().secrets(of: id) else { throw .notFound }
        return secrets
    }

    package func history(of id: LoginID) async throws(VaultError) -> [FormerLogin] {
        guard let history = try shelf().history(of: id) else { throw .notFound }
        return history
    }

    package func preview(_ draft: LoginDraft) async throws(VaultError) -> SavePreview {
        try shelf().preview(draft)
    }

    /// Drops the database and its key; an unlock that is under way comes to nothing, and its key derivation ends.
    ///
    /// A save that the person has allowed is finished.
    package func lock() async {
        era += 1
        unlocking?.task.cancel()
        unlocking = nil
        for deriver in derivers.values { deriver.end() }
        derivers = [:]
        opened = nil
        watch = nil
        news.send(())
    }

    private func shelf() throws(VaultError) -> KDBXSnapshot {
        guard let opened else { throw .locked }
        return opened.shelf
    }

    // MARK: - Unlocking

    /// An unlock that runs, and for whom.
    private struct Unlocking {
        let reason: UnlockReason
        let task: Task<Result<Void, VaultError>, Never>
    }

    /// Asks for the password until it is right; who comes meanwhile waits for the same outcome.
    ///
    /// Each waits only as long as it wants to. Where the one that the person was asked for gives it up, they are asked
    /// for the next.
    package func unlock(for reason: UnlockReason) async throws(VaultError) {
        while opened == nil {
            guard let other = unlocking else { return try await beginUnlock(for: reason).value.get() }
            guard let outcome = await reason.whileWanted({ await other.task.value }) else {
                throw .notUnlocked(.cancelled)
            }
            guard other.reason.isGivenUp, case .failure(.notUnlocked(.cancelled)) = outcome else {
                return try outcome.get()
            }
        }
    }

    private func beginUnlock(for reason: UnlockReason) -> Task<Result<Void, VaultError>, Never> {
        let era = era
        let task = Task(executorPreference: TaskQueue.shared) { () -> Result<Void, VaultError> in
            let outcome = await self.open(for: reason, era)
            await self.unlockEnded(era)
            return outcome
        }
        unlocking = Unlocking(reason: reason, task: task)
        return task
    }

    private func unlockEnded(_ era: Int) {
        guard era == self.era else { return }
        unlocking = nil
        if opened == nil { watch = nil }
    }

    private func open(for reason: UnlockReason, _ era: Int) async -> Result<Void, VaultError> {
        do throws(VaultError) {
            try await opening { [file] () throws(VaultError) in try file.look() }
            // Before the file is read, so that no change between the two is missed.
            if era == self.era { follow() }
            hasChangedMeanwhile = false
            var attempt = 1
            while true {
                let password = try await passwords.password(attempt: attempt, for: reason)
                guard era == self.era else { throw .locked }
                guard !reason.isGivenUp else { throw .notUnlocked(.cancelled) }
                guard let result = try await opened(with: password, for: reason, era) else { throw .locked }
                guard !reason.isGivenUp else { throw .notUnlocked(.cancelled) }
                if let result {
                    await accept(result)
                    // A lock may come at each of these.
                    if era == self.era { await passwords.opened(with: password) }
                    if era == self.era, hasChangedMeanwhile { await fileChanged() }
                    guard era == self.era else { throw .locked }
                    return .success(())
                }
                attempt += 1
            }
        } catch {
            // A lock, or whoever gives it up, ends the derivation and the question for the password, which say so in their own words.
            let ended = era == self.era ? error : .notUnlocked(.lockedMeanwhile)
            let failure = reason.isGivenUp ? .notUnlocked(.cancelled) : ended
            logger.warning(
                "A vault was not unlocked",
                metadata: ["vault": "\(name)", "reason": "\(failure)"]
            )
            return .failure(failure)
        }
    }

    /// Tries a password; nil if the vault was locked meanwhile, which ends it, and nil in that if it is not the right one.
    private func opened(
        with password: SecretBytes?,
        for reason: UnlockReason,
        _ era: Int
    ) async throws(VaultError) -> KDBXFile.Opened?? {
        let deriver = makeDeriver()
        reason.cancellation?.whenCancelled { [weak deriver] in deriver?.end() }
        derivers[ObjectIdentifier(deriver)] = deriver
        defer { derivers[ObjectIdentifier(deriver)] = nil }
        let result = try await opening { [file] () throws(VaultError) in
            try file.open(with: password, by: deriver)
        }
        return era == self.era ? .some(result) : nil
    }

    private func accept(_ result: KDBXFile.Opened) async {
        let standIns = result.shelf.database.standIns.count
        if standIns > 0, standIns != opened?.shelf.database.standIns.count {
            logger.notice(
                "Entries without a UUID of their own are served under one that stands in; the next save writes it",
                metadata: ["vault": "\(name)", "entries": "\(standIns)"]
            )
        }
        opened = result
        await pin(result.shelf.database)
        news.send(())
    }

    // MARK: - Saving

    package func save(_ draft: LoginDraft) async throws(VaultError) -> LoginID {
        try await inLine { store in await store.saveNow(draft) }.get()
    }

    private func saveNow(_ draft: LoginDraft) async -> Result<LoginID, VaultError> {
        do throws(VaultError) {
            guard let former = opened else { throw .locked }
            let (era, time) = (era, now())
            let deriver = makeDeriver()
            // Says no before anything is touched, where that is known already.
            guard try !former.shelf.changes(draft).isUnchanged else { throw .unchanged }
            let (saved, id) = try await work { [file] () throws(VaultError) in
                try file.save(draft, over: former, at: time, by: deriver)
            }
            if era == self.era { opened = saved }
            news.send(())
            return .success(id)
        } catch {
            switch error {
            case .failed(let reason), .unavailable(let reason), .passwordUnavailable(let reason):
                logger.error(
                    "A login can't be saved",
                    metadata: ["vault": "\(name)", "reason": "\(reason)"]
                )
            case .locked, .notUnlocked, .unconfirmed, .notFound, .unchanged, .refused:
                break
            }
            return .failure(error)
        }
    }

    // MARK: - Following the file

    private func follow() {
        let changed: @Sendable () -> Void = { [weak self] in
            Task(executorPreference: TaskQueue.shared) { await self?.fileChanged() }
        }
        do throws(SystemCallError) {
            watch = try FileWatch(path, changed: changed)
        } catch {
            logger.warning(
                "The vault's file can't be watched: what other programs write is seen at the next save",
                metadata: ["vault": "\(name)", "reason": "\(error)"]
            )
        }
    }

    private func fileChanged() async {
        guard !isRereadWanted, opened != nil || unlocking != nil else { return }
        isRereadWanted = true
        await inLine { store in await store.rereadNow() }
    }

    private func rereadNow() async {
        isRereadWanted = false
        guard let former = opened else {
            // What is being opened may have been read before.
            hasChangedMeanwhile = true
            return
        }
        let era = era
        // The path may lead elsewhere from now on.
        follow()
        do throws(VaultError) {
            let deriver = makeDeriver()
            derivers[ObjectIdentifier(deriver)] = deriver
            defer { derivers[ObjectIdentifier(deriver)] = nil }
            let now = now()
            // As in a save: what was acknowledged is put back also where the vault is locked meanwhile.
            let writer = makeDeriver()
            let result = try await work { [file] () throws(VaultError) in
                try file.reread(former, at: now, by: deriver, writingBy: writer)
            }
            guard era == self.era, let result else { return }
            await accept(result)
        } catch {
            logger.warning(
                "What another program did to the vault's file can't be read; it is served as it was before",
                metadata: ["vault": "\(name)", "reason": "\(error)"]
            )
        }
    }

    /// Does something with the file after all that was to be done before.
    @discardableResult
    private func inLine<Value: Sendable>(
        _ job: @escaping @Sendable (KDBXStore) async -> Value
    ) async -> Value {
        let last = line
        let task = Task(executorPreference: TaskQueue.shared) {
            await last?.value
            return await job(self)
        }
        line = Task(executorPreference: TaskQueue.shared) { _ = await task.value }
        return await task.value
    }

    // MARK: - Identity

    private func identity() -> KDBXIdentity? {
        if let known { return known }
        let identity = identities.read()
        known = .some(identity)
        return identity
    }

    /// Remembers the Hash when the vault is first seen; a recycle bin made later doesn't change it.
    private func pin(_ database: Database) async {
        guard let found = KDBXIdentity(database) else { return }
        let pinned = identity()
        guard pinned?.root != found.root else { return }
        if let pinned {
            logger.warning(
                "The vault is another database now: clients that go by its Hash will want to associate again",
                metadata: ["vault": "\(name)", "was": "\(pinned.hash)", "is": "\(found.hash)"]
            )
        }
        known = .some(found)
        do throws(VaultError) {
            // On a busy disk it takes a while until that is safe.
            try await work { [identities] () throws(VaultError) in try identities.write(found) }
        } catch {
            logger.error("The vault's Hash can't be kept", metadata: ["reason": "\(error)"])
        }
    }

    private static func clearLitter(of path: String) {
        // No file, or a save of another program that takes long: then there is nothing to clear, or not by us.
        guard let replacement = try? FileReplacement(of: path, patience: .seconds(5)) else { return }
        replacement.clearLitter()
    }
}
