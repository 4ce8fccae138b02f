// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import KDBX
package import Kernel
package import Logging
import Secrecy
import SecretService
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
    private nonisolated let news = Broadcast<Void>(backlog: 1)

    private var opened: KDBXFile.Opened?
    /// Counts the locks, so that what began before one does not undo it.
    private var era = 0
    private var unlocking: Task<Result<Void, VaultError>, Never>?
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
    ///   - maximumSeconds: How long deriving the key may take, roughly, on a common computer.
    ///   - maximumMemory: How many mebibytes that may take.
    ///   - passwords: Where passwords come from.
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
        state: String,
        logger: Logger,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) },
        reached: @escaping @Sendable (FileReplacement.Step) throws(KernelError) -> Void = { _ in }
    ) {
        self.name = name
        self.path = path
        self.passwords = passwords
        self.logger = logger
        self.now = now
        let limits = Limits(seconds: maximumSeconds, mebibytes: maximumMemory)
        file = KDBXFile(
            name: name,
            path: path,
            keyFile: keyFile,
            limits: limits,
            logger: logger,
            reached: reached
        )
        identities = KDBXIdentityFile(folder: state, vault: path)
        work = BlockingWork(label: "org.keybell.kdbx")
        work.begin { KDBXStore.clearLitter(of: path) }
    }

    deinit {
        unlocking?.cancel()
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

    /// Drops the database and its key; an unlock that is under way comes to nothing.
    package func lock() async {
        era += 1
        unlocking?.cancel()
        unlocking = nil
        opened = nil
        watch = nil
        news.send(())
    }

    private func shelf() throws(VaultError) -> KDBXShelf {
        guard let opened else { throw .locked }
        return opened.shelf
    }

    // MARK: - Unlocking

    /// Asks for the password until it is right; who comes meanwhile waits for the same outcome.
    package func unlock(for reason: UnlockReason) async throws(VaultError) {
        guard opened == nil else { return }
        if let unlocking { return try await unlocking.value.get() }
        let era = era
        let task = Task(executorPreference: TaskQueue.shared) { () -> Result<Void, VaultError> in
            let outcome = await self.open(for: reason, era)
            await self.unlockEnded(era)
            return outcome
        }
        unlocking = task
        try await task.value.get()
    }

    private func unlockEnded(_ era: Int) {
        guard era == self.era else { return }
        unlocking = nil
        if opened == nil { watch = nil }
    }

    private func open(for reason: UnlockReason, _ era: Int) async -> Result<Void, VaultError> {
        do throws(VaultError) {
            try await work { [file] () throws(VaultError) in try file.look() }
            // Before the file is read, so that no change between the two is missed.
            if era == self.era { follow() }
            hasChangedMeanwhile = false
            var attempt = 1
            while true {
                let password = try await passwords.password(attempt: attempt, for: reason)
                guard era == self.era else { throw .locked }
                let result = try await work { [file] () throws(VaultError) in try file.open(with: password) }
                guard era == self.era else { throw .locked }
                if let result {
                    await accept(result)
                    await passwords.opened(with: password)
                    if hasChangedMeanwhile { await fileChanged() }
                    return .success(())
                }
                attempt += 1
            }
        } catch {
            return .failure(error)
        }
    }

    private func accept(_ result: KDBXFile.Opened) async {
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
            // Says no before anything is touched, where that is known already.
            guard try !former.shelf.changes(draft).isUnchanged else { throw .unchanged }
            let (saved, id) = try await work { [file] () throws(VaultError) in
                try file.save(draft, over: former, at: time)
            }
            if era == self.era { opened = saved }
            news.send(())
            return .success(id)
        } catch {
            switch error {
            case .failed(let reason), .unavailable(let reason):
                logger.error(
                    "A login can't be saved",
                    metadata: ["vault": "\(name)", "reason": "\(reason)"]
                )
            case .locked, .unconfirmed, .notFound, .unchanged, .refused:
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
        do throws(KernelError) {
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
            let result = try await work { [file] () throws(VaultError) in try file.reread(former) }
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

extension Limits {
    /// What fits a time, on a common computer, and a memory.
    init(seconds: Int, mebibytes: Int) {
        self.init()
        let (seconds, mebibytes) = (
            UInt64(clamping: min(seconds, 86_400)), UInt64(clamping: min(mebibytes, 1 << 22))
        )
        aesRounds = max(seconds, 1) * 50_000_000
        argon2Work = max(seconds, 1) * (128 << 30) / 20
        argon2Memory = mebibytes << 20
    }
}
