// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DisplayText
package import KeePassHTTP
import SecretService
package import Vault

// What the person, or an answer of theirs, changes.
extension ClientRegistry {
    /// Stores a key and returns once the keyring has it; the one that it replaces is replaced in its item.
    ///
    /// Who has the Id is looked up when it is stored, after all that was being written. What else claims that Id, in
    /// whatever form, is gone then: a key that was replaced must not come back when the new one is revoked.
    ///
    /// Before the keyring is told, the state folder has it that the new key doesn't count, and until the keyring has confirmed
    /// it: a keyring that hangs may store it after its client was told that it isn't let in, and Keybell may end meanwhile.
    ///
    /// What was granted goes first, of the key that is replaced, and of this one where no client has it: its item may have
    /// been deleted while Keybell wasn't there to see it, and that has revoked it.
    ///
    /// - Parameters:
    ///   - id: The Id that the person agreed to.
    ///   - key: The client's key.
    ///   - program: The program that asked.
    ///   - origin: Its Origin, for a browser extension.
    ///   - database: The Hash that was reported.
    ///   - former: The fingerprint of the key that is to lose the Id, if one is.
    ///   - restriction: What it is restricted to; nil for what the client of this Id is, if there is one.
    ///   - forget: Forgets what was granted to the key of a fingerprint. Where it can't the new key isn't stored: it would
    ///     count for that again.
    /// - Throws: `.taken` if another key than these two has the Id; `.keyring(.locked)` and the like. Nothing is asked. The key
    ///   doesn't count then, unless it did before, nor after a restart.
    package func register(
        id: String,
        key: ClientKey,
        program: String,
        origin: String?,
        database: String,
        replacing former: String? = nil,
        restrictedTo restriction: ClientRestriction? = nil,
        forgettingGrants forget: @escaping @Sendable (String) async throws(ClientError) -> Void = { _ in }
    ) async throws(ClientError) {
        guard let name = PlainName(id) else { throw .badName }
        let fresh = ClientItem.attributes(
            id: name.text,
            program: program,
            origin: origin,
            database: database,
            created: now()
        )
        do throws(KeyringError) {
            try await takeUp()
            try await takeUpRestrictions()
        } catch {
            throw .keyring(error)
        }
        let attributes = restriction.map { ClientItem.attributes(fresh, restrictedTo: $0) } ?? fresh
        let time = forgotten.count
        let stored = try await write {
            [self] () async throws(KeyringError) -> Result<Void, ClientError> in
            let items = try await keyring.items(schema: ClientItem.schema)
            let same = items.filter { ClientItem.name($0) == name }
            let opened = try await keyring.openSecrets(of: items)
            guard !same.contains(where: { opened.locked.contains($0.path) }) else { throw .itemLocked }
            let snapshot = ClientsSnapshot(
                items,
                opened,
                without: await forgotten,
                restricted: await restrictions
            )
            let holder = snapshot[name.text]?.client.fingerprint
            if let holder, holder != key.fingerprint, holder != former {
                return .failure(.taken(name.text))
            }
            var revoked = Set([former].compactMap(\.self))
            if !snapshot.all.contains(where: { $0.client.fingerprint == key.fingerprint }) {
                revoked.insert(key.fingerprint)
            }
            do throws(ClientError) {
                for fingerprint in revoked { try await forget(fingerprint) }
            } catch {
                return .failure(error)
            }
            do throws(KeyringError) {
                if holder != key.fingerprint { try await leaveOut(name, key.fingerprint) }
                let kept = restriction == nil ? await inherited(by: key, name, from: snapshot, same) : [:]
                try await put(key, attributes.merging(kept) { $1 }, name, in: same)
                await replaceRestriction(of: name, key.fingerprint, by: restriction)
                try await letIn(name, key.fingerprint, notAfter: time)
            } catch {
                await deleteLater(anew: true)
                throw error
            }
            return .success(())
        }
        try stored.get()
    }

    /// The attributes that restrict a new key: what the client that it replaces is restricted to, or else that very key under
    /// another Id, for it sees no more than it did.
    private func inherited(
        by key: ClientKey,
        _ name: PlainName,
        from snapshot: ClientsSnapshot,
        _ same: [KeyringItem]
    ) -> [String: String] {
        let replaced =
            snapshot[name.text].map { restricting($0) }
            ?? ClientItem.restricting(same.last?.attributes ?? [:])
        guard replaced.isEmpty else { return replaced }
        let own = snapshot.all.filter { $0.client.fingerprint == key.fingerprint }
        return own.lazy.map { self.restricting($0) }.first { !$0.isEmpty } ?? [:]
    }

    /// Stores a key in the newest of an Id's items; the others go before.
    private func put(
        _ key: ClientKey,
        _ attributes: [String: String],
        _ name: PlainName,
        in items: [KeyringItem]
    ) async throws(KeyringError) {
        for item in items.dropLast() { try await keyring.deleteIfThere(item) }
        if let item = items.last {
            return try await keyring.change(item, attributes: attributes, secret: key.base64())
        }
        _ = try await keyring.store(
            schema: ClientItem.schema,
            label: ClientItem.label(for: name.text),
            attributes: attributes,
            secret: key.base64()
        )
    }

    /// Notes which program and Origin a key belongs to that came without any, as an imported one does, because the person
    /// has allowed it something for always.
    ///
    /// - Parameters:
    ///   - id: The client's Id.
    ///   - fingerprint: Its key's; another key that has this Id by now is left alone.
    ///   - program: The program that asked.
    ///   - origin: Its Origin, for a browser extension.
    /// - Throws: What the keyring says.
    package func settle(
        _ id: String,
        fingerprint: String,
        program: String,
        origin: String?
    ) async throws(ClientError) {
        guard let name = PlainName(cleaning: id), !program.isEmpty else { return }
        try await write { [self] () async throws(KeyringError) in
            let same = try await keyring.items(schema: ClientItem.schema).filter {
                ClientItem.name($0) == name
            }
            let opened = try await keyring.openSecrets(of: same)
            let snapshot = ClientsSnapshot(same, opened, without: await forgotten)
            guard let known = snapshot[name.text], known.client.fingerprint == fingerprint,
                known.client.program.isEmpty
            else { return }
            var attributes = known.item.attributes
            attributes[ClientItem.Attribute.program] = program
            attributes[ClientItem.Attribute.origin] = origin
            try await keyring.change(known.item, attributes: attributes)
        }
    }

    /// Gives a client another shown name; an empty one, or its Id, takes the name away.
    ///
    /// No two may be called alike, by Id or by name, in upper or lower case: who names one would mean the other.
    package func rename(_ id: String, to name: String) async throws(ClientError) {
        let shown = PlainName(name)
        guard name.isEmpty || shown != nil else { throw .badName }
        if let shown, shown.mayBeMistaken, shown.text != id {
            throw .mistakable(suggestion: shown.plain?.text)
        }
        guard let known = try await snapshot()[id] else { throw .unknown(id) }
        if let shown, shown.text != known.client.id {
            let others = try await snapshot().all.map(\.client).filter { $0.id != known.client.id }
            // The same letters of another script.
            let used = others.flatMap(\.names)
            if let reading = shown.latinReading?.text,
                used.contains(where: { FreeClientName.isLike($0, reading) })
            {
                throw .mistakable(suggestion: nil)
            }
            if let like = used.first(where: { FreeClientName.isLike($0, shown.text) }) { throw .inUse(like) }
            guard try await !snapshot().isLocked(shown.text) else { throw .inUse(shown.text) }
        }
        let own = ClientItem.label(for: known.client.id)
        let label = shown.map { $0.text == known.client.id ? own : $0.text } ?? own
        try await write { [keyring] () async throws(KeyringError) in
            try await keyring.change(known.item, label: label)
        }
    }

    /// Notes what the person calls the extension that associated a client; an empty name takes that away.
    ///
    /// It is kept with the key: one that takes its place may belong to another extension.
    package func nameExtension(of id: String, _ name: String) async throws(ClientError) {
        let shown = PlainName(name)
        guard name.isEmpty || shown != nil else { throw .badName }
        guard let known = try await snapshot()[id] else { throw .unknown(id) }
        try await write { [keyring] () async throws(KeyringError) in
            // As it is now: when it was last used is among the attributes, too.
            let items = try await keyring.items(schema: ClientItem.schema)
            guard let item = items.first(where: { $0.path == known.item.path }) else { return }
            var attributes = item.attributes
            attributes[ClientItem.Attribute.extensionName] = shown?.text
            try await keyring.change(item, attributes: attributes)
        }
    }

    /// Takes a client's key away, with every double; from this moment on its requests are refused.
    ///
    /// - Throws: `.unknown` where there is none, or why it couldn't be deleted; its requests are refused all the same, and it is
    ///   deleted once that can be done without asking the person, or they revoke it again.
    package func revoke(_ id: String) async throws(ClientError) {
        guard let name = PlainName(cleaning: id) else { throw .unknown(id) }
        // What is known counts no more from now on, not only once a keyring that hangs has answered.
        let isKnown = isBeingDeleted(id) || lastRead.contains { $0.id == name.text }
        if !isKnown {
            guard try await snapshot().holds(id) else { throw .unknown(id) }
        }
        forget(name, nil)
        do throws(ClientError) {
            try await write { [self] () async throws(KeyringError) in try await deleteItems(of: name) }
        } catch {
            // A registration may have come in between.
            if !forgotten.covers(name, nil) { forget(name, nil) }
            deleteLater(anew: true)
            throw error
        }
        endRestriction(of: name)
    }

    /// Unlocks the keyring for storing a key; only ever because of the person's word.
    package func unlockForStoring() async throws(ClientError) {
        do throws(KeyringError) {
            try await keyring.unlockForStoring()
        } catch {
            throw .keyring(error)
        }
    }

    /// Unlocks the keyring by its provider's prompt; only ever because of the person's word.
    package func unlock() async throws(ClientError) {
        // Whoever asks next is to see what the person has just opened.
        defer { forgetKeys() }
        do throws(KeyringError) {
            try await keyring.unlock()
        } catch {
            throw .keyring(error)
        }
    }

    /// Changes the keyring, one change after the other, and tells of it.
    func write<Outcome: Sendable>(
        _ change: @escaping @Sendable () async throws(KeyringError) -> Outcome
    ) async throws(ClientError) -> Outcome {
        let result = await writes.join {
            await Result { () async throws(KeyringError) in try await change() }
        }.value
        forgetKeys()
        changeBroadcast.send(())
        do throws(KeyringError) {
            return try result.get()
        } catch {
            throw .keyring(error)
        }
    }
}
