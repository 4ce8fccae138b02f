// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DBus
package import SecureMemory

/// Secrets as far as the provider gave them.
package struct OpenedSecrets: Sendable {
    /// The secrets by the items' paths; an item that is gone by now is left out.
    package var secrets: [String: SecretBytes] = [:]
    /// The paths of items that are locked though their collection is open.
    ///
    /// KeePassXC wants the person's word for each of them, unless that is turned off there.
    package var locked: Set<String> = []
}

extension Keyring {
    /// Opens the secret of an item.
    ///
    /// - Parameters:
    ///   - item: As a search gave it.
    ///   - confirming: Whether the person may be asked by the provider where it keeps just this item locked; only
    ///     ever because of the person's word.
    /// - Returns: The secret's bytes.
    /// - Throws: `.locked`; `.itemLocked` for an item that is locked by itself; `.notFound` when it is gone.
    package func secret(
        of item: KeyringItem,
        confirming: Bool = false
    ) async throws(KeyringError) -> SecretBytes {
        var opened = try await openSecrets(of: [item])
        if confirming, !opened.locked.isEmpty {
            try await confirm(opened.locked, within: promptTime)
            opened = try await openSecrets(of: [item])
        }
        guard opened.locked.isEmpty else { throw .itemLocked }
        guard let secret = opened.secrets[item.path] else { throw .notFound }
        return secret
    }

    /// Opens the secrets of several items in one call.
    ///
    /// - Parameter items: As a search gave them.
    /// - Returns: Secrets by path; an item that is gone by now is left out.
    /// - Throws: `.locked`; `.itemLocked` if just one of them is.
    package func secrets(of items: [KeyringItem]) async throws(KeyringError) -> [String: SecretBytes] {
        let opened = try await openSecrets(of: items)
        guard opened.locked.isEmpty else { throw .itemLocked }
        return opened.secrets
    }

    /// Opens what can be opened of several items, in one call, without asking the person.
    ///
    /// - Parameter items: As a search gave them.
    /// - Returns: Their secrets, and which of them are locked; the next `unlock` asks for these.
    /// - Throws: `.locked` if the whole collection is.
    package func openSecrets(of items: [KeyringItem]) async throws(KeyringError) -> OpenedSecrets {
        guard !items.isEmpty else { return OpenedSecrets() }
        let place = try await openPlace()
        var opened = OpenedSecrets()
        do throws(KeyringError) {
            opened.secrets = try await secrets(at: items.map(\.path), owner: place.owner)
        } catch .locked {
            // KeePassXC gives none at all if one of them is locked.
            opened = try await openOneByOne(items, owner: place.owner)
        } catch {
            throw error
        }
        for item in items where opened.secrets[item.path] == nil && !opened.locked.contains(item.path) {
            // gnome-keyring leaves out what is locked as silently as what is gone.
            guard let path = ObjectPath(item.path), try await isLocked(path, owner: place.owner) else {
                continue
            }
            opened.locked.insert(item.path)
        }
        // All of them would be, if the collection has been locked meanwhile.
        if !opened.locked.isEmpty { _ = try await openPlace() }
        unconfirmed.subtract(opened.secrets.keys)
        unconfirmed.formUnion(opened.locked)
        return opened
    }

    private func openOneByOne(
        _ items: [KeyringItem],
        owner: String
    ) async throws(KeyringError) -> OpenedSecrets {
        var opened = OpenedSecrets()
        for item in items {
            do throws(KeyringError) {
                opened.secrets.merge(try await secrets(at: [item.path], owner: owner)) { $1 }
            } catch .locked {
                opened.locked.insert(item.path)
            } catch .notFound {
                continue
            } catch {
                throw error
            }
        }
        return opened
    }

    private func secrets(
        at paths: [String],
        owner: String
    ) async throws(KeyringError) -> [String: SecretBytes] {
        try await asked(owner) { [library] () async throws(KeyringError) in
            try await library.secrets(of: paths, from: owner)
        }
    }

    /// Has the provider ask the person about items that it keeps locked.
    ///
    /// Call it only because of the person's word. Questions come one after the other; whoever wants the same items
    /// waits for the same one.
    ///
    /// - Parameter items: As a search gave them.
    /// - Throws: `.dismissed` if the person didn't allow all of them; those that were allowed can be opened then.
    package func confirm(_ items: [KeyringItem]) async throws(KeyringError) {
        try await confirm(Set(items.map(\.path)), within: promptTime)
    }

    func confirm(_ paths: Set<String>, within time: Duration) async throws(KeyringError) {
        guard !paths.isEmpty else { return }
        if let running = confirmations[paths] { return try await running.value.get() }
        let task = questions.join {
            await Result { () async throws(KeyringError) in
                try await self.ask(about: paths, within: time)
            }
        }
        confirmations[paths] = task
        let outcome = await task.value
        if confirmations[paths] == task { confirmations[paths] = nil }
        try outcome.get()
    }

    /// KeePassXC gives what is confirmed to the connection that runs the prompt: so libsecret's does, which reads.
    private func ask(about paths: Set<String>, within time: Duration) async throws(KeyringError) {
        let place = try await openPlace()
        let prompt = try await asked(place.owner) { [library] () async throws(KeyringError) in
            try await library.unlock(paths.sorted(), of: place.owner)
        }
        defer {
            // What was denied is found locked again by the next reading; what was allowed is worth another one.
            unconfirmed.subtract(paths)
            happenings.send(.unlocked)
        }
        guard prompt != Names.nothing else { return }
        _ = try await complete(prompt, of: place.owner, within: time) { [library] in
            await Result { () async throws(KeyringError) in
                try await library.start(prompt: prompt, of: place.owner)
            }
        }
    }

    func isLocked(_ path: ObjectPath, owner: String) async throws(KeyringError) -> Bool {
        do throws(KeyringError) {
            return try await property("Locked", of: path, interface: Names.item, owner: owner).asBool ?? false
        } catch .notFound {
            return false
        } catch {
            throw error
        }
    }
}
