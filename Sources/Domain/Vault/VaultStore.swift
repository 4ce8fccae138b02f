// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools

/// A place where logins are kept: the keyring, or a KDBX file.
package protocol VaultStore: AnyObject, Sendable {
    /// The name that configuration and prompts call it by.
    nonisolated var name: String { get }
    /// What kind of place it is.
    nonisolated var kind: VaultKind { get }

    /// Its 40 hex digits for clients, once known; given at once, whatever state its storage is in.
    func hash() async -> String?

    /// Its status; never asks the person anything.
    func status() async -> VaultStatus

    /// Whether it has to be unlocked before it gives anything; it looks at nothing else, so that any request may ask.
    func isLocked() async -> Bool

    /// What is in it, without secrets; in memory once it has been read.
    func index() async throws(VaultError) -> LoginIndex

    /// What is in it, for comparison with what is in it later; it may take a while.
    func state() async throws(VaultError) -> VaultState

    /// Opens the secrets of one login; never asks the person anything.
    func secrets(of id: LoginID) async throws(VaultError) -> LoginSecrets

    /// Opens the secrets of several logins, which the caller keeps few: they are in locked memory; those that can't be opened
    /// without asking the person, or are gone, are left out.
    func secrets(of ids: [LoginID]) async throws(VaultError) -> [LoginID: LoginSecrets]

    /// Opens the former states of one login, usually the oldest first.
    func history(of id: LoginID) async throws(VaultError) -> [FormerLogin]

    /// Has the storage, which may keep single logins locked, ask the person about these, after `secrets` threw
    /// `unconfirmed`.
    ///
    /// Only ever because of the person's word.
    func confirm(_ ids: [LoginID]) async throws(VaultError)

    /// Says what `save` would do, as far as that can be told from what is public: no secret is looked at.
    ///
    /// For the question that comes before the save: see ``SavePreview/init(_:stored:)``.
    func preview(_ draft: LoginDraft) async throws(VaultError) -> SavePreview

    /// Stores a login and returns once that is safe; the former state goes to the login's history.
    func save(_ draft: LoginDraft) async throws(VaultError) -> LoginID

    /// Adds new logins as one save, and returns once they are safe: all of them, or none where the storage can take back
    /// what it has stored already. Where it stores one after the other, a cancelled task ends it between two of them.
    ///
    /// For what the person brings themselves. Notes are the string field `Notes`, one-time codes `otp`, further URLs
    /// `KP2A_URL` and `KP2A_URL_1` onwards.
    ///
    /// - Parameter drafts: The logins; see ``LoginDraft/additionRefusal``.
    /// - Returns: What they are known by, in the order of the drafts.
    /// - Throws: Why not all of them are there for certain, and which are.
    func add(_ drafts: [SealedDraft]) async throws(AddingFailure) -> [LoginID]

    /// Forgets every secret that it holds in memory.
    func lock() async

    /// The same, for as long as the person is away; see ``endSuspension()``.
    func suspend() async

    /// Waits, after a lock, until it is known whether what was saved has reached its storage; ``status()`` then tells.
    func saveIsSettled() async

    /// Takes back `suspend`, if that takes no password; what was locked otherwise stays so.
    func endSuspension() async

    /// Locks it for good because it is no longer in the configuration; its `changes` end, and a save that was allowed
    /// is finished.
    func close() async

    /// Waits, after `close`, until what was saved has reached its storage, or is kept for it.
    func savesAreDone() async

    /// Locks it, and returns once what was saved has reached its storage: the daemon is ending.
    func finish() async

    /// Makes it usable again after `lock` and `suspend`, where that takes no password: the person is back at the screen.
    func resume() async

    /// Makes it usable, asking the person if that takes a password or a prompt.
    func unlock(for reason: UnlockReason) async throws(VaultError)

    /// Why an unlock that a request asks for would come to nothing, as a sentence that says what to do; nil where it may work.
    func unlockObstacle() async -> String?

    /// Reports every change of its contents or its status; each caller has a stream of its own.
    nonisolated func changes() -> AsyncStream<Void>
}

extension VaultStore {
    /// What its status says.
    package func isLocked() async -> Bool { await status().isLocked }

    /// Locks it.
    package func suspend() async { await lock() }

    /// Waits for nothing: what was saved is safe already.
    package func saveIsSettled() async {}

    /// None that is known before it is tried.
    package func unlockObstacle() async -> String? { nil }

    /// Stays as it is.
    package func endSuspension() async {}

    /// Stays as it is.
    package func resume() async {}

    /// Locks it.
    package func close() async { await lock() }

    /// Waits for nothing: what was saved is safe already.
    package func savesAreDone() async {}

    /// Locks it: what was saved is safe already.
    package func finish() async { await lock() }

    package func confirm(_ ids: [LoginID]) async throws(VaultError) {}

    /// One after the other.
    package func secrets(of ids: [LoginID]) async throws(VaultError) -> [LoginID: LoginSecrets] {
        var found: [LoginID: LoginSecrets] = [:]
        for id in ids {
            do throws(VaultError) {
                found[id] = try await secrets(of: id)
            } catch .unconfirmed, .notFound {
                continue
            } catch {
                throw error
            }
        }
        return found
    }

    /// Adds nothing.
    package func add(_ drafts: [SealedDraft]) async throws(AddingFailure) -> [LoginID] {
        throw AddingFailure(.refused("Nothing can be added to the vault \(name)."))
    }

    package func state() async throws(VaultError) -> VaultState {
        let index = try await index()
        // Off the serving thread: a vault can be large.
        return await Task(executorPreference: VaultState.comparing) { VaultState(index: index) }.value
    }
}

/// What kind of place a vault is.
package enum VaultKind: String, Hashable, Sendable, CaseIterable {
    /// Items of the Secret Service keyring.
    case keyring
    /// A KeePass file.
    case kdbx
}

/// A vault's status.
package struct VaultStatus: Hashable, Sendable {
    /// The name that configuration and prompts call it by.
    package var name: String
    /// What kind of place it is.
    package var kind: VaultKind
    /// The file, or the keyring's collection; empty where there is neither.
    package var path: String
    /// Whether it has to be unlocked before it gives anything.
    package var isLocked: Bool
    /// How many logins it holds, as far as known.
    package var count: Int
    /// How many of its entries have no uuid of their own, so that they were given a replacement.
    package var replacementIDCount: Int
    /// Why its storage can no longer be read as it is now, as a sentence; nil if it can.
    package var trouble: String?
    /// Files in which it keeps what was saved and can't be put into its own file.
    package var kept: [String]
    /// Why something that it saved is in memory alone, or has no copy beside its own file, and what to do about it, as a
    /// sentence; nil if nothing is.
    package var unkept: String?
    /// Its 40 hex digits for clients, once known.
    package var hash: String?

    /// Describes a vault.
    package init(
        name: String,
        kind: VaultKind,
        path: String,
        isLocked: Bool,
        count: Int,
        replacementIDCount: Int = 0,
        trouble: String? = nil,
        kept: [String] = [],
        unkept: String? = nil,
        hash: String?
    ) {
        self.name = name
        self.kind = kind
        self.path = path
        self.isLocked = isLocked
        self.count = count
        self.replacementIDCount = replacementIDCount
        self.trouble = trouble
        self.kept = kept
        self.unkept = unkept
        self.hash = hash
    }
}

/// Why a vault could not do what it was asked.
package enum VaultError: Error, Equatable, Sendable {
    /// It has to be unlocked first.
    case locked
    /// It was to be unlocked, and the person was asked, but it is still locked.
    case notUnlocked(UnlockFailure)
    /// It is open, but what it is kept in wants the person's word for this login: see `VaultStore.confirm`.
    case unconfirmed
    /// There is no such login.
    case notFound
    /// The login is already as it was to become.
    case unchanged
    /// Whatever it is kept in isn't there; the text says what to do.
    case unavailable(String)
    /// What asks for its password, or prints it, can't be used.
    ///
    /// The text says what to do, to the person alone: it names programs by their paths and repeats what they say.
    case passwordUnavailable(String)
    /// It went wrong; the text is for the log.
    case failed(String)
    /// It is not allowed at all; the text says why.
    case refused(String)
}
