// SPDX-License-Identifier: Apache-2.0

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
    /// - Throws: `unchanged` if it is in there already, `notFound`, `refused`.
    func saved(_ draft: LoginDraft, at now: Timestamp) throws(VaultError) -> (Database, LoginID) {
        let changes = try changes(draft)
        guard !changes.isUnchanged else { throw .unchanged }
        do throws(KDBXError) {
            guard let stored = changes.stored else { return try made(draft, at: now) }
            return (try changed(stored, draft, at: now), stored.id)
        } catch .notFound {
            throw .notFound
        } catch .unwritable {
            throw .unwritable
        } catch {
            throw .failed("\(error)")
        }
    }

    private func changed(_ stored: Login, _ draft: LoginDraft, at now: Timestamp) throws(KDBXError)
        -> Database
    {
        guard let id = Identifier(stored.id.bytes) else { throw .notFound }
        let login = stored.changed(by: draft, fields: [:])
        var database = database
        var changes: [FieldChange] = []
        if login.title != stored.title { changes.append(FieldChange("Title", login.title)) }
        if login.username != stored.username { changes.append(FieldChange("UserName", login.username)) }
        if login.url != stored.url { changes.append(FieldChange("URL", login.url)) }
        if let password = draft.password { changes.append(FieldChange("Password", password)) }
        changes += fieldChanges(draft, known: Set(stored.fieldNames))
        if login.settings != stored.settings {
            let former = database.entry(id)?.secret(EntrySettings.fieldName)
            let text = EntrySettings.text(former, from: stored.settings, to: login.settings)
            changes.append(FieldChange(EntrySettings.fieldName, text))
        }
        try database.change(id, changes, at: now)
        return database
    }

    private func made(_ draft: LoginDraft, at now: Timestamp) throws(KDBXError) -> (Database, LoginID) {
        var database = database
        var login = Login(id: .random(), title: "").changed(by: draft, fields: [:])
        if login.title.isEmpty { login.title = PageAddress(loose: login.url)?.hostAndPort ?? login.url }
        let group = try group(for: draft, in: &database, at: now)
        var fields = [
            FieldChange("Title", login.title), FieldChange("UserName", login.username),
            FieldChange("Password", draft.password ?? SecretBytes(utf8: "")), FieldChange("URL", login.url),
        ]
        fields += fieldChanges(draft, known: []).filter { $0.value != nil }
        if !login.settings.isEmpty {
            let text = EntrySettings.text(nil, from: EntrySettings(), to: login.settings)
            fields.append(FieldChange(EntrySettings.fieldName, text))
        }
        let id = try database.addEntry(to: group, fields, at: now)
        guard let name = LoginID(id.bytes) else { throw .notFound }
        return (database, name)
    }

    /// The group for a new login, made where it is missing; a slash in the name of one below the root is part of the name.
    private func group(
        for draft: LoginDraft,
        in database: inout Database,
        at now: Timestamp
    ) throws(KDBXError) -> Identifier {
        var place = database.root
        guard var id = place.id else { throw .damaged(.document) }
        var names = [draft.group]
        if draft.isGroupPath {
            if let known = Self.group(draft.group, in: place, at: [place.name]) { return known }
            names = draft.group.split(separator: "/").map { String($0) }
            if names.count > 1, names.first == place.name { names.removeFirst() }
        }
        for (number, name) in names.enumerated() {
            if let known = place.groups.first(where: { $0.name.composed == name && !$0.isRecycled }),
                let knownID = known.id
            {
                (place, id) = (known, knownID)
                continue
            }
            // What is made is empty.
            for name in names[number...] { id = try database.addGroup(name, to: id, at: now) }
            break
        }
        return id
    }

    /// The group of a path, below one that is at another path.
    private static func group(_ path: String, in group: Group, at place: [String]) -> Identifier? {
        for inner in group.groups where !inner.isRecycled {
            let own = place + [inner.name]
            let paths = [own.joined(separator: "/"), own.dropFirst().joined(separator: "/")].map(\.composed)
            if paths.contains(path) { return inner.id }
            guard paths.contains(where: { path.utf8.starts(with: ($0 + "/").utf8) }) else { continue }
            if let found = Self.group(path, in: inner, at: own) { return found }
        }
        return nil
    }

    /// New string fields are kept encrypted, as nobody knows what a client puts there; addresses are no secrets.
    private func fieldChanges(_ draft: LoginDraft, known: Set<String>) -> [FieldChange] {
        draft.fields.sorted { $0.key < $1.key }.map { name, value in
            let isKnown = known.contains(name) || name == "Notes"
            let isProtected = isKnown ? nil : !Login.isFurtherURL(name)
            return FieldChange(name, value, isProtected: isProtected)
        }
    }
}
