// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DisplayText
import SecretService
import UnicodeText
import Vault

// Who has which key, as it stands in the keyring.
extension ClientRegistry {
    /// Tells of every change of the clients or of whether they can be read; each caller has its own stream.
    package nonisolated func changes() -> AsyncStream<Void> {
        changeBroadcast.listen()
    }

    /// All clients, oldest first.
    package func list() async throws(ClientError) -> [Client] {
        try await snapshot().all.map { current($0.client) }
            .sorted { ($0.created, $0.id) < ($1.created, $1.id) }
    }

    /// The key of each client by its Id, as a fingerprint.
    ///
    /// - Parameter former: What this said before: a client whose item the keyring keeps locked by itself is still there,
    ///   with the key that it had.
    /// - Returns: The fingerprints.
    /// - Throws: Why the keys can't be read.
    package func keys(after former: [String: String] = [:]) async throws(ClientError) -> [String: String] {
        let snapshot = try await snapshot()
        let readable = snapshot.all.map { ($0.client.id, $0.client.fingerprint) }
        return Dictionary(readable) { $1 }.merging(former.filter { snapshot.isLocked($0.key) }) { known, _ in
            known
        }
    }

    /// The fingerprints of all keys; nil where the keyring keeps a client's item locked by itself, so that nobody knows
    /// which key that has.
    package func fingerprints() async throws(ClientError) -> Set<String>? {
        let snapshot = try await snapshot()
        return snapshot.hasLocked ? nil : Set(snapshot.all.map(\.client.fingerprint))
    }

    /// The client of an Id, or of the name that it alone is shown under, as it was when the keys were last read; nothing
    /// is read now, so that a keyring that gives no answer holds up nobody.
    package func lastKnown(_ name: String) -> Client? {
        let clean = PlainName(cleaning: name)?.text
        if let client = lastRead.first(where: { $0.id == clean }) { return client }
        let exact = lastRead.filter { $0.shownName == clean }
        let named = exact.isEmpty ? lastRead.filter { $0.isShown(as: name) } : exact
        return named.count == 1 ? named.first : nil
    }

    /// The client that has this Id; nil if the Id is free.
    ///
    /// One that the keyring keeps locked by itself is an error: nobody may take it for a free one.
    package func client(withID id: String) async throws(ClientError) -> Client? {
        let snapshot = try await snapshot()
        guard !snapshot.isLocked(id) else { throw .keyring(.itemLocked) }
        return (snapshot[id]?.client).map(current)
    }

    /// Whether a client of this Id is there, but the keyring keeps its item locked by itself.
    package func isLocked(_ id: String) async throws(ClientError) -> Bool {
        try await snapshot().isLocked(id)
    }

    /// The Id that a key is stored under, by its fingerprint; nil if it isn't.
    package func clientID(ofKey fingerprint: String) async throws(ClientError) -> String? {
        try await snapshot().all.filter { $0.client.fingerprint == fingerprint }.map(\.client.id).min()
    }

    /// A client that is restricted and has this key, or else belongs to this program; the first by its Id, nil where none is
    /// known.
    package func restrictedClient(ofKey fingerprint: String, program: String, origin: String?) async
        -> Client?
    {
        // While the keyring can't be read, nobody knows.
        guard let snapshot = try? await clients() else { return nil }
        let restricted = snapshot.all.map(\.client).filter { !$0.restriction.isEverything }.sorted {
            $0.id < $1.id
        }
        return restricted.first { $0.fingerprint == fingerprint }
            ?? restricted.first {
                !program.isEmpty && $0.program == program && $0.origin ?? "" == origin ?? ""
            }
    }

    /// The Ids that more than one item of the keyring claims; the newest counts.
    package func doubles() async throws(ClientError) -> [String] {
        try await snapshot().doubles.map(\.text).sorted()
    }

    /// A free Id near `base`: that itself, or with a number.
    ///
    /// While the keyring is locked nobody knows what is free; `register` overwrites nothing that it isn't told to.
    package func suggestID(from base: String) async -> String {
        // Something is suggested also while the keyring is locked.
        let snapshot = try? await clients()
        let names = snapshot.map { $0.all.flatMap(\.client.names) } ?? []
        let known = Set(names.map(\.caseFolded))
        return FreeClientName.free(near: base) { name in
            guard let snapshot else { return false }
            return snapshot.holds(name) || known.contains(name.caseFolded)
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
        guard let name = PlainName(cleaning: name)?.text, let snapshot = try? await clients() else {
            return false
        }
        // One whose Id this is to the letter is asked about by name.
        let isTaken = snapshot.holds(name)
        return snapshot.all.map(\.client).contains { client in
            client.fingerprint != fingerprint
                && (client.name == name
                    || !isTaken && client.names.contains { FreeClientName.differByCase($0, name) })
        }
    }

    func snapshot() async throws(ClientError) -> ClientsSnapshot {
        do throws(KeyringError) {
            return try await clients()
        } catch {
            throw .keyring(error)
        }
    }

    func current(_ client: Client) -> Client {
        guard let record = records[client.fingerprint] else { return client }
        var client = client
        client.lastUsed = [client.lastUsed, record.lastUsed].compactMap(\.self).max()
        client.usesHmac = client.usesHmac || record.usesHmac
        return client
    }
}
