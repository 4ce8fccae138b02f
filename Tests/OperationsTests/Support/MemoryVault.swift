// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Vault

/// A vault in memory that saves by the same rules as the real ones.
actor MemoryVault: VaultStore {
    nonisolated let name: String
    nonisolated let kind = VaultKind.keyring
    private var knownHash: String?
    private var logins: [Login] = []
    private var contents: [LoginID: LoginSecrets] = [:]
    private var histories: [LoginID: [FormerLogin]] = [:]
    private(set) var trouble: VaultError?
    private(set) var saves: [LoginDraft] = []
    private(set) var openedSecrets = 0
    /// How often it was called for anything else that costs time.
    private(set) var looks = 0
    private(set) var unlocks = 0
    private var obstacle: String?
    private var unlockTrouble: VaultError?
    private var meanwhile: (@Sendable () async -> Void)?
    /// What happens while it asks whether its logins may be read, until which they can't be.
    private var confirming: (@Sendable () async -> Void)?

    init(_ name: String = "Passwords", hash: String? = MemoryVault.hash) {
        self.name = name
        knownHash = hash
    }

    static let hash = "0123456789ABCDEF0123456789ABCDEF01234567"

    func put(_ login: Login, password: String = "pass", fields: [String: String] = [:]) {
        var login = login
        login.fieldNames = fields.keys.sorted()
        logins.removeAll { $0.id == login.id }
        logins.append(login)
        contents[login.id] = LoginSecrets(
            password: SecretBytes(utf8: password),
            fields: fields.mapValues { SecretBytes(utf8: $0) }
        )
    }

    func remove(_ id: LoginID) { logins.removeAll { $0.id == id } }

    func fail(with error: VaultError?) { trouble = error }

    func login(_ id: LoginID) -> Login? { logins.first { $0.id == id } }

    func password(of id: LoginID) -> String? { contents[id]?.password.exposedText() }

    func all() -> [Login] { logins }

    func hash() -> String? { knownHash }

    private var whenLookedAt: (@Sendable () async -> Void)?

    /// Has something happen right after somebody has seen how it stands, once.
    func whenLookedAt(_ happens: @escaping @Sendable () async -> Void) { whenLookedAt = happens }

    /// How often all of its status was asked for, which costs a real one a look at the disk.
    private(set) var statuses = 0

    func status() async -> VaultStatus {
        statuses += 1
        return VaultStatus(
            name: name,
            kind: kind,
            path: "",
            isLocked: trouble == .locked,
            count: logins.count,
            hash: knownHash
        )
    }

    func isLocked() async -> Bool {
        let isLocked = trouble == .locked
        let happens = whenLookedAt
        whenLookedAt = nil
        await happens?()
        return isLocked
    }

    /// It is opened by other means.
    func open() {
        trouble = nil
        knownHash = knownHash ?? Self.hash
    }

    func index() throws(VaultError) -> LoginIndex {
        if let trouble { throw trouble }
        looks += 1
        return LoginIndex(logins)
    }

    /// Has something happen while secrets are read, or a save is prepared.
    func meanwhile(_ happens: @escaping @Sendable () async -> Void) { meanwhile = happens }

    func secrets(of id: LoginID) async throws(VaultError) -> LoginSecrets {
        await meanwhile?()
        if let trouble { throw trouble }
        if confirming != nil { throw .unconfirmed }
        guard login(id) != nil, let secrets = contents[id] else { throw .notFound }
        openedSecrets += 1
        return secrets
    }

    /// Has it ask before it is read, and something happen meanwhile.
    func asks(meanwhile happens: @escaping @Sendable () async -> Void) { confirming = happens }

    func confirm(_ ids: [LoginID]) async throws(VaultError) {
        await confirming?()
        confirming = nil
    }

    /// Gives a login notes, tags and former states.
    func describe(_ id: LoginID, notes: String, tags: [String], former: [FormerLogin]) {
        contents[id]?.notes = SecretBytes(utf8: notes)
        for index in logins.indices where logins[index].id == id {
            logins[index].tags = tags
            logins[index].hasNotes = true
        }
        histories[id] = former
    }

    func history(of id: LoginID) -> [FormerLogin] {
        looks += 1
        return histories[id] ?? []
    }

    func preview(_ draft: LoginDraft) async throws(VaultError) -> SavePreview {
        await meanwhile?()
        if let trouble { throw trouble }
        looks += 1
        guard let id = draft.id else { return try SavePreview(draft, stored: nil) }
        guard let stored = login(id) else { throw .notFound }
        return try SavePreview(draft, stored: stored)
    }

    private func changes(_ draft: LoginDraft) throws(VaultError) -> SavePreview {
        guard let id = draft.id else { return try SavePreview(draft, stored: nil, secrets: nil) }
        guard let stored = login(id) else { throw .notFound }
        return try SavePreview(draft, stored: stored, secrets: contents[id])
    }

    func save(_ draft: LoginDraft) throws(VaultError) -> LoginID {
        if try changes(draft).isUnchanged { throw .unchanged }
        saves.append(draft)
        let id = draft.id ?? .random()
        let before = login(id) ?? Login(id: id, title: "", group: LoginGroup(path: draft.group))
        let old = contents[id] ?? LoginSecrets(password: SecretBytes(utf8: ""))
        logins.removeAll { $0.id == id }
        logins.append(before.changed(by: draft, fields: old.fields))
        contents[id] = LoginSecrets(
            password: draft.password ?? old.password,
            fields: old.fields.changed(by: draft)
        )
        return id
    }

    func add(_ drafts: [SealedDraft]) throws(AddingFailure) -> [LoginID] {
        do throws(VaultError) {
            if let trouble { throw trouble }
            let opened = try drafts.map { (draft) throws(VaultError) in try draft.opened() }
            if let refusal = opened.compactMap(\.additionRefusal).first { throw .refused(refusal) }
            return try opened.map { (draft) throws(VaultError) in try save(draft) }
        } catch {
            throw AddingFailure(error)
        }
    }

    func lock() { trouble = .locked }

    /// Why an unlock would come to nothing, from now on.
    func keepClosed(because obstacle: String) { self.obstacle = obstacle }

    func unlockObstacle() -> String? { obstacle }

    /// What the next unlocks end with.
    func refuseUnlock(with error: VaultError) { unlockTrouble = error }

    func unlock(for reason: UnlockReason) throws(VaultError) {
        unlocks += 1
        if let unlockTrouble { throw unlockTrouble }
        open()
    }

    nonisolated func changes() -> AsyncStream<Void> { AsyncStream { $0.finish() } }
}
