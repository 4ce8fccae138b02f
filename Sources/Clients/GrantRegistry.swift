// SPDX-License-Identifier: Apache-2.0

import Kernel
package import Logging
package import SecretService

/// The person's standing decisions: in memory, and those meant for always in one keyring item per client key.
///
/// The item's schema is `org.keybell.Grants`, its attribute `fingerprint`, its secret a JSON array. Once loaded, a look-up
/// makes no bus call; whatever changes an item from outside has it read again.
package actor GrantRegistry {
    /// The schema of the items.
    package static let schema = "org.keybell.Grants"

    private let keyring: Keyring
    private let logger: Logger
    private var table = GrantTable()
    private var items: [String: KeyringItem] = [:]
    /// What was forgotten and couldn't be deleted: it doesn't count, whatever the keyring still holds.
    private var undeleted: [String: Undeleted] = [:]
    private var isLoaded = false
    /// How often something has changed outside.
    private var changes: UInt64 = 0
    private var loadError: KeyringError?
    private var lastTurn: Task<Void, Never>?

    /// Creates a registry over the keyring; nothing is read before the first look-up.
    package init(keyring: Keyring, logger: Logger) {
        self.keyring = keyring
        self.logger = logger
    }

    /// A decision can be kept beyond the session.
    package nonisolated var keepsGrants: Bool { true }

    /// Follows the keyring until it is cancelled.
    package func run() async {
        for await event in keyring.events() {
            isLoaded = false
            changes += 1
            switch event {
            case .locked, .providerLeft:
                table.dropStored()
                table.endSessions(ofVault: nil)
            default: break
            }
        }
    }

    /// The decision that covers this entry now, if there is one.
    package func decision(on key: GrantKey, entry: String) async -> Bool? {
        if !isLoaded { await inTurn { _ in } }
        return table.decision(on: key, entry: entry, now: .now)
    }

    /// Remembers a decision; one that can't be stored holds for this session.
    package func remember(_ grant: Grant) async {
        await inTurn { registry in
            registry.table.remember(grant)
            if !grant.isForSession { await registry.store(grant.key.fingerprint) }
        }
    }

    /// What is decided for a key.
    package func grants(of fingerprint: String) async -> [Grant] {
        await inTurn { registry in
            registry.table.dropOver(at: .now)
            return registry.table.grants(of: fingerprint)
        }
    }

    /// Everything that is decided, whatever key it is for.
    ///
    /// - Throws: Why what is stored can't be read.
    package func all() async throws(KeyringError) -> [Grant] {
        try await inTurn { registry -> Result<[Grant], KeyringError> in
            registry.table.dropOver(at: .now)
            return registry.loadError.map { .failure($0) } ?? .success(registry.table.grants)
        }.get()
    }

    /// Forgets one grant by its name.
    ///
    /// - Returns: The grant; nil where there is none.
    /// - Throws: Why it can't be read, or why it couldn't be deleted; in both cases it no longer counts all the same.
    package func forget(fingerprint: String, name: String) async throws(KeyringError) -> Grant? {
        try await inTurn { registry -> Result<Grant?, KeyringError> in
            let stored = registry.table.grants(of: fingerprint).first { $0.name == name }
            let known = stored ?? registry.undeleted[fingerprint]?.names[name]
            guard let known else { return registry.loadError.map { .failure($0) } ?? .success(nil) }
            _ = registry.table.forget(fingerprint: fingerprint, name: name)
            guard !known.isForSession else { return .success(known) }
            registry.undeleted[fingerprint, default: Undeleted()].names[name] = known
            let error = await registry.store(fingerprint)
            return error.map { .failure($0) } ?? .success(known)
        }.get()
    }

    /// Forgets everything that was decided for a key that is revoked or overwritten.
    ///
    /// - Throws: Why it couldn't be deleted; it no longer counts all the same.
    package func forget(fingerprint: String) async throws(KeyringError) {
        try await inTurn { registry -> Result<Void, KeyringError> in
            registry.table.forget(fingerprint: fingerprint)
            registry.undeleted[fingerprint, default: Undeleted()].isAll = true
            let error = await registry.store(fingerprint)
            return error.map { .failure($0) } ?? .success(())
        }.get()
    }

    /// Ends what was meant for this session, as a lock does: for one vault, or for all.
    package func endSessions(ofVault vault: String? = nil) {
        table.endSessions(ofVault: vault)
    }

    /// Does something after all that came before it, on a table that has been read.
    ///
    /// Reading and storing wait for the keyring: without turns a reading would undo what is being remembered meanwhile.
    private func inTurn<Outcome: Sendable>(
        _ work: @escaping @Sendable (isolated GrantRegistry) async -> Outcome
    ) async -> Outcome {
        let previous = lastTurn
        let task = Task(executorPreference: TaskQueue.shared) {
            await previous?.value
            await self.load()
            return await work(self)
        }
        lastTurn = Task(executorPreference: TaskQueue.shared) { _ = await task.value }
        return await task.value
    }

    /// Reads what is stored; whoever decides meanwhile waits for it.
    private func load() async {
        guard !isLoaded else { return }
        // What changes while it is read, a lock among that, makes what was read worth nothing.
        var left = Self.readings
        while await !read() {
            left -= 1
            guard left > 0 else { return table.dropStored() }
        }
        guard isLoaded else { return }
        for fingerprint in undeleted.keys { await store(fingerprint) }
    }

    private static let readings = 8

    /// Reads once.
    ///
    /// - Returns: False where something has changed meanwhile.
    private func read() async -> Bool {
        guard !isLoaded else { return true }
        let before = changes
        do throws(KeyringError) {
            let found = try await keyring.items(schema: Self.schema)
            // One that is locked by itself grants nothing until it is opened.
            let secrets = try await keyring.openSecrets(of: found).secrets
            guard before == changes else {
                loadError = .deadline
                return false
            }
            table.dropStored()
            items = [:]
            for item in found {
                guard let fingerprint = item.attributes["fingerprint"] else { continue }
                items[fingerprint] = item
                // What is in it counts for nothing then, but can still be deleted.
                guard let secret = secrets[item.path] else { continue }
                let stored = StoredGrant.decode(secret, fingerprint: fingerprint)
                let forgotten = undeleted[fingerprint]
                table.adopt(stored.filter { forgotten?.covers($0) != true }, fingerprint: fingerprint)
            }
            (isLoaded, loadError) = (true, nil)
        } catch {
            loadError = error  // the keyring is locked or away: asked again at the next look-up
            // What can't be read grants nothing.
            table.dropStored()
        }
        return true
    }

    /// Writes what is kept for a key; what was forgotten is gone with it.
    ///
    /// - Returns: Why it couldn't be written, where it couldn't.
    @discardableResult
    private func store(_ fingerprint: String) async -> KeyringError? {
        // Without knowing what is there, writing would make a second item.
        if let loadError {
            logger.error("a decision could not be kept", metadata: ["why": "\(loadError.advice)"])
            return loadError
        }
        let kept = table.grants(of: fingerprint).filter { !$0.isForSession }
        do throws(KeyringError) {
            switch (items[fingerprint], kept.isEmpty) {
            case (nil, true): break
            case (let item?, true):
                do throws(KeyringError) {
                    try await keyring.delete(item)
                } catch .notFound {
                    // Somebody else has deleted it, which is as good.
                } catch {
                    throw error
                }
                items[fingerprint] = nil
            case (let item?, false):
                try await keyring.change(item, secret: StoredGrant.encode(kept))
            case (nil, false):
                items[fingerprint] = try await keyring.store(
                    schema: Self.schema,
                    label: "Keybell grants: \(fingerprint)",
                    attributes: ["fingerprint": fingerprint],
                    secret: StoredGrant.encode(kept)
                )
            }
            undeleted[fingerprint] = nil
            return nil
        } catch {
            logger.error("a decision could not be kept", metadata: ["why": "\(error.advice)"])
            return error
        }
    }

    /// What of a key's grants was forgotten.
    private struct Undeleted {
        var names: [String: Grant] = [:]
        var isAll = false

        func covers(_ grant: Grant) -> Bool { isAll || names[grant.name] != nil }
    }
}
