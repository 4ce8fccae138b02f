// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DisplayText
package import KeePassHTTP
import Logging
import SecretService

extension ClientRegistry {
    /// Tells of every change of the clients or of whether they can be read; each caller has its own stream.
    package nonisolated func changes() -> AsyncStream<Void> {
        news.listen()
    }

    /// All clients, oldest first.
    package func list() async throws(ClientError) -> [Client] {
        try await shelf().all.map { current($0.client) }
            .sorted { ($0.created, $0.id) < ($1.created, $1.id) }
    }

    /// The key of each client by its Id, as a fingerprint.
    ///
    /// - Parameter former: What this said before: a client whose item the keyring keeps locked by itself is still there,
    ///   with the key that it had.
    /// - Returns: The fingerprints.
    /// - Throws: Why the keys can't be read.
    package func keys(after former: [String: String] = [:]) async throws(ClientError) -> [String: String] {
        let shelf = try await shelf()
        let readable = shelf.all.map { ($0.client.id, $0.client.fingerprint) }
        return Dictionary(readable) { $1 }.merging(former.filter { shelf.isLocked($0.key) }) { known, _ in
            known
        }
    }

    /// The fingerprints of all keys; nil where the keyring keeps a client's item locked by itself, so that nobody knows
    /// which key that has.
    package func fingerprints() async throws(ClientError) -> Set<String>? {
        let shelf = try await shelf()
        return shelf.hasLocked ? nil : Set(shelf.all.map(\.client.fingerprint))
    }

    /// The client that has this Id; nil if the Id is free.
    ///
    /// One that the keyring keeps locked by itself is an error: nobody may take it for a free one.
    package func client(withID id: String) async throws(ClientError) -> Client? {
        let shelf = try await shelf()
        guard !shelf.isLocked(id) else { throw .keyring(.itemLocked) }
        return (shelf[id]?.client).map(current)
    }

    /// Whether a client of this Id is there, but the keyring keeps its item locked by itself.
    package func isLocked(_ id: String) async throws(ClientError) -> Bool {
        try await shelf().isLocked(id)
    }

    /// The Id that a key is stored under, by its fingerprint; nil if it isn't.
    package func holder(of fingerprint: String) async throws(ClientError) -> String? {
        try await shelf().all.filter { $0.client.fingerprint == fingerprint }.map(\.client.id).min()
    }

    /// The Ids that more than one item of the keyring claims; the newest counts.
    package func doubles() async throws(ClientError) -> [String] {
        try await shelf().doubles.map(\.text).sorted()
    }

    /// A free Id near `base`: that itself, or with a number.
    ///
    /// While the keyring is locked nobody knows what is free; `register` overwrites nothing that it isn't told to.
    package func suggestID(from base: String) async -> String {
        // Something is suggested also while the keyring is locked.
        let shelf = try? await clients()
        let names = shelf.map { $0.all.flatMap(\.client.names) } ?? []
        let known = Set(names.map(ClientName.folded))
        return ClientName.free(near: base) { name in
            guard let shelf else { return false }
            return shelf.holds(name) || known.contains(ClientName.folded(name))
        }
    }

    /// Whether another client than that of a key is shown under this name, or is called so but for upper and lower case: as
    /// an Id it would lead people astray.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - fingerprint: The key's.
    /// - Returns: Whether one is; false while the keyring is locked, for nobody knows then.
    package func isShownName(_ name: String, notOf fingerprint: String) async -> Bool {
        // While nothing can be read, nobody knows.
        guard let name = PlainName(cleaning: name)?.text, let shelf = try? await clients() else {
            return false
        }
        // One whose Id this is to the letter is asked about by name.
        let isTaken = shelf.holds(name)
        return shelf.all.map(\.client).contains { client in
            client.fingerprint != fingerprint
                && (client.name == name
                    || !isTaken && client.names.contains { ClientName.differByCase($0, name) })
        }
    }

    /// Stores a key and returns once the keyring has it; the one that it replaces is replaced in its item.
    ///
    /// Who has the Id is looked up when it is stored, after all that was being written. What else claims that Id, in
    /// whatever form, is gone then: a key that was replaced must not come back when the new one is revoked.
    ///
    /// - Parameters:
    ///   - id: The Id that the person agreed to.
    ///   - key: The client's key.
    ///   - program: The program that asked.
    ///   - origin: Its Origin, for a browser extension.
    ///   - database: The Hash that was reported.
    ///   - former: The fingerprint of the key that is to lose the Id, if one is.
    ///   - clear: What is to be done before it is stored, once nothing stands against that.
    /// - Throws: `.taken` if another key than these two has the Id; `.keyring(.locked)` and the like. Nothing is asked.
    package func register(
        id: String,
        key: ClientKey,
        program: String,
        origin: String?,
        database: String,
        replacing former: String? = nil,
        clearing clear: @escaping @Sendable () async throws(ClientError) -> Void = {}
    ) async throws(ClientError) {
        guard let name = PlainName(id) else { throw .badName }
        let attributes = ClientItem.attributes(
            id: name.text,
            program: program,
            origin: origin,
            database: database,
            created: now()
        )
        let stored = try await write {
            [keyring] () async throws(KeyringError) -> Result<Void, ClientError> in
            let same = try await keyring.items(of: name)
            let shelf = ClientsSnapshot(same, try await keyring.openSecrets(of: same))
            guard !shelf.isLocked(name.text) else { throw .itemLocked }
            if let holder = shelf[name.text]?.client.fingerprint, holder != key.fingerprint, holder != former
            {
                return .failure(.taken(name.text))
            }
            do throws(ClientError) { try await clear() } catch { return .failure(error) }
            for item in same.dropLast() { try await keyring.deleteIfThere(item) }
            if let item = same.last {
                try await keyring.change(item, attributes: attributes, secret: key.base64())
            } else {
                _ = try await keyring.store(
                    schema: ClientItem.schema,
                    label: ClientItem.label(for: name.text),
                    attributes: attributes,
                    secret: key.base64()
                )
            }
            return .success(())
        }
        try stored.get()
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
        try await write { [keyring] () async throws(KeyringError) in
            let same = try await keyring.items(of: name)
            let shelf = ClientsSnapshot(same, try await keyring.openSecrets(of: same))
            guard let known = shelf[name.text], known.client.fingerprint == fingerprint,
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
        guard let known = try await shelf()[id] else { throw .unknown(id) }
        if let shown, shown.text != known.client.id {
            let others = try await shelf().all.map(\.client).filter { $0.id != known.client.id }
            // The same letters of another script.
            let used = others.flatMap(\.names)
            if let reading = shown.latinReading?.text,
                used.contains(where: { ClientName.isLike($0, reading) })
            {
                throw .mistakable(suggestion: nil)
            }
            if let like = used.first(where: { ClientName.isLike($0, shown.text) }) { throw .inUse(like) }
            guard try await !shelf().isLocked(shown.text) else { throw .inUse(shown.text) }
        }
        let own = ClientItem.label(for: known.client.id)
        let label = shown.map { $0.text == known.client.id ? own : $0.text } ?? own
        try await write { [keyring] () async throws(KeyringError) in
            try await keyring.change(known.item, label: label)
        }
    }

    /// Takes a client's key away, with every double; from this moment on its requests are refused.
    package func revoke(_ id: String) async throws(ClientError) {
        guard try await shelf().holds(id), let name = PlainName(cleaning: id) else { throw .unknown(id) }
        try await write { [keyring] () async throws(KeyringError) in
            for item in try await keyring.items(of: name) { try await keyring.deleteIfThere(item) }
        }
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

    // MARK: - Writing

    /// Remembers in the item, some time after the request, that the client uses Hmacs, and once a day that it is used.
    func keepRecord(of known: KnownClient) {
        let fingerprint = known.client.fingerprint
        guard let record = records[fingerprint], let used = record.lastUsed else { return }
        let day = used / 86_400
        let isNewDay = day != record.writtenDay ?? known.client.lastUsed.map { $0 / 86_400 }
        let isNewHmac = record.usesHmac && !known.client.usesHmac && !record.hasWrittenHmac
        guard isNewDay || isNewHmac, now() >= record.triesAgain else { return }
        // What is known in memory counts until the daemon ends, whatever comes of it.
        records[fingerprint]?.writtenDay = day
        records[fingerprint]?.hasWrittenHmac = record.usesHmac
        writes.join { [self] in
            do throws(KeyringError) {
                // As it is now: the person may have changed or deleted it.
                guard let item = try await keyring.item(at: known.item.path),
                    item.attributes[ClientItem.Attribute.created]
                        == known.item.attributes[ClientItem.Attribute.created]
                else { return }
                var attributes = item.attributes
                attributes[ClientItem.Attribute.lastUsed] = String(used)
                if record.usesHmac { attributes[ClientItem.Attribute.hmac] = "1" }
                try await keyring.change(item, attributes: attributes)
            } catch {
                logger.debug(
                    "A client's last use could not be written down",
                    metadata: ["client": "\(known.client.id)", "reason": "\(error)"]
                )
                await writeAgain(former: record, of: fingerprint)
            }
        }
    }

    private static let writingPause: UInt64 = 600

    /// What couldn't be written is written with one of the next requests.
    private func writeAgain(former: KeyRecord, of fingerprint: String) {
        records[fingerprint]?.writtenDay = former.writtenDay
        records[fingerprint]?.hasWrittenHmac = former.hasWrittenHmac
        records[fingerprint]?.triesAgain = now() + Self.writingPause
    }

    private func write<Outcome: Sendable>(
        _ change: @escaping @Sendable () async throws(KeyringError) -> Outcome
    ) async throws(ClientError) -> Outcome {
        let result = await writes.join {
            await Result { () async throws(KeyringError) in try await change() }
        }.value
        forgetKeys()
        news.send(())
        do throws(KeyringError) {
            return try result.get()
        } catch {
            throw .keyring(error)
        }
    }

    private func shelf() async throws(ClientError) -> ClientsSnapshot {
        do throws(KeyringError) {
            return try await clients()
        } catch {
            throw .keyring(error)
        }
    }

    private func current(_ client: Client) -> Client {
        guard let record = records[client.fingerprint] else { return client }
        var client = client
        client.lastUsed = [client.lastUsed, record.lastUsed].compactMap(\.self).max()
        client.usesHmac = client.usesHmac || record.usesHmac
        return client
    }
}

extension Keyring {
    /// The items of a client, oldest first, however they write its Id.
    fileprivate func items(of name: PlainName) async throws(KeyringError) -> [KeyringItem] {
        try await items(schema: ClientItem.schema).filter { ClientItem.name($0) == name }
    }
}
