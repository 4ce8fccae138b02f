// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import DisplayText
import KeePassHTTP

/// A name that the person is offered for a new key.
struct OfferedName: Sendable {
    let text: String
    /// What `text` was made from: if that is taken meanwhile, this with a higher number comes next.
    let base: String
}

/// What the person has agreed to call a new key.
struct AgreedName: Sendable {
    let text: String
    let base: String
    /// Whether the person or the client wants just this name; otherwise another one would do.
    let isWanted: Bool
}

/// Finds Ids for keys: the one that a key already has, one to offer, one that is free.
struct ClientNaming: Sendable {
    private let clients: any ClientStore

    /// Makes one that looks among these.
    init(clients: any ClientStore) {
        self.clients = clients
    }

    /// The client that has an Id; nil where the Id is free.
    func client(_ id: String) async throws(Refusal) -> Client? {
        do throws(ClientError) {
            return try await clients.client(withID: id)
        } catch {
            throw .keyring(error.publicAdvice)
        }
    }

    /// Whether another key is known to have an Id; while the keyring is locked nobody knows.
    func isTaken(_ id: String, notBy key: ClientKey) async -> Bool {
        // Where it can't be read, storing the key says so.
        let holder = try? await client(id)
        return holder.map { $0.fingerprint != key.fingerprint } ?? false
    }

    /// The Id under which this very key is already kept, if it is the proposed one or none was proposed.
    func knownID(of key: ClientKey, proposed: String?) async throws(Refusal) -> String? {
        do throws(ClientError) {
            guard let proposed else { return try await clients.clientID(ofKey: key.fingerprint) }
            return try await clients.client(withID: proposed)?.fingerprint == key.fingerprint ? proposed : nil
        } catch  where error.isLock {
            return nil  // asked first, unlocked then
        } catch {
            throw .keyring(error.publicAdvice)
        }
    }

    /// A client with this key, or else of this program, that is restricted.
    func restricted(_ key: ClientKey, of caller: Caller) async -> RestrictedRelative? {
        let program = caller.program
        return await clients.restrictedClient(
            ofKey: key.fingerprint,
            program: program.id,
            origin: program.origin
        ).map { RestrictedRelative($0, key) }
    }

    /// A free name near one that turned out to be taken.
    func offer(near base: String) async -> OfferedName {
        OfferedName(text: await clients.suggestID(from: base), base: base)
    }

    /// The Id that the request brings, else a free one from the program's name.
    ///
    /// A proposal that can't be shown as it is would have the person agree to an Id other than the one that is stored,
    /// and one that may be taken for somebody else's is proposed in plain characters; what the person types themselves
    /// may be in any script.
    func offer(_ proposed: String?, for key: ClientKey, caller: Caller) async -> OfferedName {
        let name = proposed.flatMap { PlainName($0) }
        if let name, !name.mayBeMistaken, name.latinReading == nil {
            let isFree = await !clients.isShownName(name.text, notOf: key.fingerprint)
            return isFree ? OfferedName(text: name.text, base: name.text) : await offer(near: name.text)
        }
        let base =
            (name == nil ? proposed : (name?.latinReading ?? name?.plain)?.text) ?? caller.processes.first?
            .name ?? ""
        return await offer(near: base)
    }

    /// The name under which another client is shown, or which it has in Latin letters that look the same; nil where there
    /// is none.
    func nameOfAnother(_ name: String, than key: ClientKey) async -> String? {
        if await clients.isShownName(name, notOf: key.fingerprint) { return name }
        guard let reading = PlainName(name)?.latinReading?.text else { return nil }
        if await clients.isShownName(reading, notOf: key.fingerprint) { return reading }
        // Where the keyring can't be read, storing the key says so.
        let holder = try? await client(reading)
        return holder.flatMap { $0.fingerprint == key.fingerprint ? nil : reading }
    }

    /// The Id to store a key under: the one that was shown, or where nobody has chosen that, the next free one.
    ///
    /// It may have been given to another since, or nobody knew what was free while the keyring was locked: such a name
    /// must not cost another client its key.
    func id(for key: ClientKey, under name: AgreedName) async throws(Refusal) -> String {
        guard !name.isWanted, let holder = try await client(name.text), holder.fingerprint != key.fingerprint
        else { return name.text }
        // It may have been stored meanwhile for another asker of the same question.
        if let known = try await knownID(of: key, proposed: nil) { return known }
        return await clients.suggestID(from: name.base)
    }
}
