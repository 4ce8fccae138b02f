// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Logging
import SecretService

/// Things that no longer count, though the keyring may still have them, or get them yet.
protocol ForgottenItems: Sendable {
    /// The same as a file of the state folder has it.
    associatedtype Record: ForgottenRecord

    /// Nothing is forgotten.
    init()

    /// Whether nothing is forgotten.
    var isEmpty: Bool { get }
    /// What the next daemon is to take for forgotten.
    var record: Record { get }

    /// Forgets what the daemon before had forgotten.
    mutating func add(_ former: Record)
}

/// What an actor has forgotten and the keyring may still have: it is kept for the next daemon, and deleted again and again until
/// that has worked.
///
/// It counts no more from the moment at which it is forgotten, whatever becomes of the file and the keyring.
final class Forgetting<Items: ForgottenItems> {
    /// What is forgotten.
    private(set) var items = Items()
    /// Whether it is being deleted now.
    private(set) var isDeleting = false
    /// Keeps it for the next daemon; nil where there is no state folder.
    private let file: ForgottenFile<Items.Record>?
    private var retries: DeletionRetries

    /// Nothing is forgotten, and nothing read.
    ///
    /// - Parameters:
    ///   - folder: The state folder; nil where this process alone goes by what is forgotten.
    ///   - retries: How long it waits each time before it tries again to delete what it couldn't; nil for the usual pauses.
    ///   - pause: How long until what couldn't be written to the state folder is tried again, for the first time.
    ///   - logger: Where trouble goes.
    init(folder: String?, retries: [Duration]?, pause: Duration, logger: Logger) {
        file = folder.map { ForgottenFile(folder: $0, pause: pause, logger: logger) }
        self.retries = DeletionRetries(retries ?? DeletionRetries.pauses)
    }

    /// Changes what is forgotten, and has the state folder keep that.
    func change(_ change: (inout Items) -> Void) {
        change(&items)
        file?.keep(items.record)
    }

    /// Has what the daemon before couldn't delete count for this one neither.
    ///
    /// - Throws: Why it isn't known what that is.
    func takeUp() async throws(KeyringError) {
        guard let former = try await file?.takeUp() else { return }
        items.add(former)
        // What was forgotten before that was known isn't written yet.
        if !items.isEmpty { file?.keep(items.record) }
    }

    // MARK: - The file

    /// Whether the state folder has what is forgotten now; where there is none, this process alone goes by that.
    ///
    /// What couldn't be written is tried at once.
    func isKept() async -> Bool { await file?.isKept() ?? true }

    /// Whether what is forgotten and isn't deleted yet no longer counts after a restart either.
    func outlastsRestart() async -> Bool {
        let isKept = await isKept()
        return isKept && file != nil || items.isEmpty
    }

    /// The error that says that the state folder can't keep what is forgotten.
    var unwritable: KeyringError { .forgottenUnwritable(file?.path ?? "") }

    /// What the file says now; nil where there is none.
    ///
    /// - Throws: Why it can't be known.
    func inFile() async throws(KeyringError) -> Items.Record? { try await file?.read() }

    // MARK: - Deleting

    /// Begins to delete, unless that is being done, or there is nothing to be deleted: false then.
    func beginDeleting() -> Bool {
        guard !items.isEmpty, !isDeleting else { return false }
        isDeleting = true
        return true
    }

    /// As much was deleted as could be.
    func endDeleting() { isDeleting = false }

    /// Has what couldn't be deleted tried again after a while: a keyring that has hung tells of no change.
    ///
    /// - Parameters:
    ///   - isFirst: Whether it has just failed for the first time, so that the pauses begin anew.
    ///   - tryAgain: Tries it again.
    func tryAgainLater(anew isFirst: Bool, _ tryAgain: @escaping @Sendable () -> Void) {
        if isFirst || items.isEmpty { retries.end() }
        guard !items.isEmpty, !isDeleting else { return }
        retries.set(tryAgain)
    }

    /// The pause before the next try is over.
    func pauseIsOver() { retries.isOver() }
}

/// An actor that forgets things, and deletes them.
protocol ForgettingActor: MainLoopActor {
    associatedtype Items: ForgottenItems

    /// What it has forgotten.
    var forgetting: Forgetting<Items> { get }

    /// Deletes what is forgotten, as far as the keyring does that without asking the person.
    func deleteAll() async
}

extension ForgettingActor {
    /// What doesn't count now.
    var forgotten: Items { forgetting.items }

    /// Has what the daemon before couldn't delete count for this one neither.
    ///
    /// - Throws: Why it isn't known what that is.
    func takeUp() async throws(KeyringError) { try await forgetting.takeUp() }

    /// Tries to delete what is forgotten, without asking the person, unless that is being done; nobody waits for it.
    func deleteForgotten() {
        guard forgetting.beginDeleting() else { return }
        Task(executorPreference: MainLoop.executor) { [weak self] in
            await self?.deleteAll()
            await self?.deletionIsOver()
        }
    }

    private func deletionIsOver() {
        forgetting.endDeleting()
        deleteLater()
    }

    /// Has what couldn't be deleted tried again after a while; anew where it has just failed for the first time.
    func deleteLater(anew isFirst: Bool = false) {
        forgetting.tryAgainLater(anew: isFirst) { [weak self] in
            Task(executorPreference: MainLoop.executor) { await self?.deleteAgain() }
        }
    }

    private func deleteAgain() {
        forgetting.pauseIsOver()
        deleteForgotten()
    }
}
