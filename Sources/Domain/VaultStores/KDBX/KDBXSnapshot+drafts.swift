// SPDX-License-Identifier: Apache-2.0

import Ciphers
import KDBX
import SecureMemory
import UnicodeText
import Vault

extension KDBXSnapshot {
    /// Says what a draft would do to this database, from what is public.
    func preview(_ draft: LoginDraft) throws(VaultError) -> SavePreview {
        guard let id = draft.id else { return try SavePreview(draft, stored: nil) }
        guard let stored = index.login(id) else { throw .notFound }
        return try SavePreview(draft, stored: stored)
    }

    /// Says what a draft does to this database.
    func changes(_ draft: LoginDraft) throws(VaultError) -> SavePreview {
        guard let id = draft.id else { return try SavePreview(draft, stored: nil, secrets: nil) }
        guard let stored = index.login(id), let secrets = secrets(of: id) else { throw .notFound }
        return try SavePreview(draft, stored: stored, secrets: secrets)
    }

    /// The database with a draft applied, and the login that the draft became.
    ///
    /// - Parameters:
    ///   - draft: What changes.
    ///   - now: The time of the change.
    ///   - saves: What Keybell has saved: a password of that which another program has overwritten stays in the history
    ///     until another one is saved.
    /// - Returns: The database, and the login.
    /// - Throws: `unchanged` if it is in there already, `notFound`, `refused`.
    func saved(
        _ draft: LoginDraft,
        at now: Timestamp,
        after saves: KDBXSaves
    ) throws(VaultError) -> (Database, [LoginID]) {
        let changes = try changes(draft)
        guard !changes.isUnchanged else { throw .unchanged }
        guard let stored = changes.stored else {
            var (database, groups) = (database, GroupFinder())
            let id = try Self.make(draft, into: &groups, of: &database, at: now)
            return (database, [id])
        }
        do throws(KDBXError) {
            return (try changed(stored, draft, at: now, after: saves), [stored.id])
        } catch {
            throw Self.vaultError(error)
        }
    }

    /// The database with new logins, and what they are known by.
    ///
    /// - Throws: `refused`.
    func adding(_ drafts: [SealedDraft], at now: Timestamp) throws(VaultError) -> (Database, [LoginID]) {
        var (database, groups) = (database, GroupFinder())
        let opener = SealOpener()
        var ids: [LoginID] = []
        for sealed in drafts {
            let draft = try sealed.opened(by: opener)
            if let refusal = draft.additionRefusal { throw .refused(refusal) }
            ids.append(try Self.make(draft, into: &groups, of: &database, at: now))
        }
        return (database, ids)
    }

    private static func make(
        _ draft: LoginDraft,
        into groups: inout GroupFinder,
        of database: inout Database,
        at now: Timestamp
    ) throws(VaultError) -> LoginID {
        do throws(KDBXError) {
            let group = try groups.group(for: draft, in: &database, at: now)
            return LoginID(try make(draft, in: group, of: &database, at: now))
        } catch {
            throw vaultError(error)
        }
    }

    private static func vaultError(_ error: KDBXError) -> VaultError {
        switch error {
        case .notFound: .notFound
        case .unwritable: .unwritable
        default: .failed("\(error)")
        }
    }

    private func changed(
        _ stored: Login,
        _ draft: LoginDraft,
        at now: Timestamp,
        after saves: KDBXSaves
    ) throws(KDBXError) -> Database {
        guard let id = Identifier(stored.id.bytes) else { throw .notFound }
        let login = stored.changed(by: draft, fields: [:])
        var database = database
        var changes: [FieldChange] = []
        if login.title != stored.title { changes.append(FieldChange("Title", login.title)) }
        if login.username != stored.username { changes.append(FieldChange("UserName", login.username)) }
        if login.url != stored.url { changes.append(FieldChange("URL", login.url)) }
        if let password = draft.password { changes.append(FieldChange("Password", password)) }
        changes += Self.fieldChanges(draft, known: Set(stored.fieldNames))
        if login.settings != stored.settings {
            let former = database.entry(id)?.secret(EntrySettings.fieldName)
            let text = EntrySettings.text(former, from: stored.settings, to: login.settings)
            changes.append(FieldChange(EntrySettings.fieldName, text))
        }
        let kept = draft.password == nil ? saves.unreplaced(of: id) : []
        try database.change(id, changes, at: now, keepingPasswordOf: kept)
        return database
    }

    private static func make(
        _ draft: LoginDraft,
        in group: Identifier,
        of database: inout Database,
        at now: Timestamp
    ) throws(KDBXError) -> Identifier {
        var login = Login(id: .random(), title: "").changed(by: draft, fields: [:])
        if login.title.isEmpty { login.title = PageAddress(loose: login.url)?.hostAndPort ?? login.url }
        var fields = [
            FieldChange("Title", login.title), FieldChange("UserName", login.username),
            FieldChange("Password", draft.password ?? SecretBytes(utf8: "")), FieldChange("URL", login.url),
        ]
        fields += fieldChanges(draft, known: []).filter { $0.value != nil }
        if !login.settings.isEmpty {
            let text = EntrySettings.text(nil, from: EntrySettings(), to: login.settings)
            fields.append(FieldChange(EntrySettings.fieldName, text))
        }
        return try database.addEntry(to: group, fields, at: now)
    }

    /// New string fields are kept encrypted, as nobody knows what a client puts there; addresses are no secrets.
    private static func fieldChanges(_ draft: LoginDraft, known: Set<String>) -> [FieldChange] {
        draft.fields.sorted { $0.key < $1.key }.map { name, value in
            let isKnown = known.contains(name) || name == "Notes"
            let isProtected = isKnown ? nil : !Login.isFurtherURL(name)
            return FieldChange(name, value, isProtected: isProtected)
        }
    }
}
