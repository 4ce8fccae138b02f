// SPDX-License-Identifier: Apache-2.0

import DBus
package import Secrecy

extension Keyring {
    /// Finds the items of a schema that have all of these attributes, oldest first.
    ///
    /// - Parameters:
    ///   - schema: The schema's name.
    ///   - attributes: What they must have beside it.
    /// - Returns: All there are in our collection, and none of another.
    /// - Throws: `.locked` for a locked collection, which is never taken for an empty one.
    package func items(
        schema: String,
        attributes: [String: String] = [:]
    ) async throws(KeyringError) -> [KeyringItem] {
        let place = try await openPlace()
        var wanted = attributes
        wanted[KeyringItem.schemaAttribute] = schema
        let answer = try await call(
            place.owner,
            place.collection,
            Names.collection,
            "SearchItems",
            [.stringDict(wanted)]
        )
        let prefix = place.collection.text + "/"
        let paths = (answer.first?.asArray ?? []).compactMap(\.asObjectPath)
            .filter { $0.text.hasPrefix(prefix) }
        let found = try await describe(paths, owner: place.owner)
        return found.filter { $0.schema == schema || $0.schema.isEmpty }
            .sorted { ($0.created, $0.path) < ($1.created, $1.path) }
    }

    /// Looks at one item again; nil if it is gone.
    ///
    /// - Parameter path: Where it was, as an event or a former search said.
    /// - Returns: What it is now.
    /// - Throws: `.locked` for a locked collection.
    package func item(at path: String) async throws(KeyringError) -> KeyringItem? {
        let place = try await openPlace()
        guard let path = ObjectPath(path), path.text.hasPrefix(place.collection.text + "/") else {
            return nil
        }
        return try await describe(path, owner: place.owner)
    }

    /// Opens the secret of an item.
    ///
    /// - Parameter item: As a search gave it.
    /// - Returns: The secret's bytes.
    /// - Throws: `.locked`, also for an item that is locked by itself; `.notFound` when it is gone.
    package func secret(of item: KeyringItem) async throws(KeyringError) -> SecretBytes {
        guard let secret = try await secrets(of: [item])[item.path] else { throw .notFound }
        return secret
    }

    /// Opens the secrets of several items in one call.
    ///
    /// - Parameter items: As a search gave them.
    /// - Returns: Secrets by path; an item that is gone by now is left out.
    /// - Throws: `.locked` if the collection, or just one of the items, is locked.
    package func secrets(of items: [KeyringItem]) async throws(KeyringError) -> [String: SecretBytes] {
        guard !items.isEmpty else { return [:] }
        let place = try await openPlace()
        let secrets = try await library.secrets(of: items.map(\.path), from: place.owner)
        for item in items where secrets[item.path] == nil {
            guard let path = ObjectPath(item.path) else { continue }
            // The provider leaves out what is locked as silently as what is gone.
            if try await isLocked(path, owner: place.owner) { throw .locked }
        }
        return secrets
    }

    /// Makes a new item, even beside one with the same attributes.
    ///
    /// - Parameters:
    ///   - schema: The schema's name, kept as the attribute `xdg:schema`.
    ///   - label: What Seahorse shows.
    ///   - attributes: What it is found by.
    ///   - secret: What it guards.
    /// - Returns: The item as it is stored.
    /// - Throws: `.locked` without asking anyone.
    package func store(
        schema: String,
        label: String,
        attributes: [String: String],
        secret: SecretBytes
    ) async throws(KeyringError) -> KeyringItem {
        var all = attributes
        all[KeyringItem.schemaAttribute] = schema
        guard !label.utf8.contains(0), !all.contains(where: { $0.utf8.contains(0) || $1.utf8.contains(0) })
        else { throw .failed("a label or an attribute holds a NUL character") }
        let place = try await openPlace()
        let (item, prompt) = try await library.create(
            in: place.collection.text,
            of: place.owner,
            label: label,
            attributes: all,
            secret: secret
        )
        var path = item
        if prompt != Names.nothing {
            let result = try await complete(prompt, of: place.owner, within: promptTime) { [library] in
                await Result { () async throws(KeyringError) in
                    try await library.start(prompt: prompt, of: place.owner)
                }
            }
            path = result.asObjectPath?.text ?? path
        }
        guard let made = ObjectPath(path), let stored = try await describe(made, owner: place.owner) else {
            throw .failed("the provider did not say where the new item is")
        }
        return stored
    }

    /// Changes an item in place; what is nil stays.
    ///
    /// - Parameters:
    ///   - item: As a search gave it.
    ///   - label: What Seahorse shows from now on.
    ///   - attributes: All that it is found by from now on; the schema stays.
    ///   - secret: What it guards from now on.
    /// - Throws: `.locked`, `.notFound`; what was changed before that stays changed, the secret first.
    package func change(
        _ item: KeyringItem,
        label: String? = nil,
        attributes: [String: String]? = nil,
        secret: SecretBytes? = nil
    ) async throws(KeyringError) {
        let place = try await openPlace()
        guard let path = ObjectPath(item.path) else { throw .notFound }
        if let secret { try await library.setSecret(secret, of: item.path, from: place.owner) }
        if var attributes {
            attributes[KeyringItem.schemaAttribute] = item.schema.isEmpty ? nil : item.schema
            try await set("Attributes", of: path, to: .stringDict(attributes), owner: place.owner)
        }
        if let label { try await set("Label", of: path, to: .string(label), owner: place.owner) }
    }

    /// Deletes an item; asks the person only if the provider insists.
    ///
    /// - Parameter item: As a search gave it.
    /// - Throws: `.locked`, `.notFound`, `.dismissed`.
    package func delete(_ item: KeyringItem) async throws(KeyringError) {
        let place = try await openPlace()
        guard let path = ObjectPath(item.path) else { throw .notFound }
        let answer = try await call(place.owner, path, Names.item, "Delete")
        guard let prompt = answer.first?.asObjectPath, prompt.text != Names.nothing else { return }
        _ = try await run(prompt, of: place.owner, within: promptTime)
    }

    // MARK: - Properties

    private func set(
        _ property: String,
        of path: ObjectPath,
        to value: Value,
        owner: String
    ) async throws(KeyringError) {
        _ = try await call(
            owner,
            path,
            Names.properties,
            "Set",
            [.string(Names.item), .string(property), .variant(value)]
        )
    }

    private func isLocked(_ path: ObjectPath, owner: String) async throws(KeyringError) -> Bool {
        do throws(KeyringError) {
            return try await property("Locked", of: path, interface: Names.item, owner: owner).asBool ?? false
        } catch .notFound {
            return false
        } catch {
            throw error
        }
    }

    /// Reads many items, some at a time so that neither side's queue grows without bound.
    private func describe(
        _ paths: [ObjectPath],
        owner: String
    ) async throws(KeyringError) -> [KeyringItem] {
        let atOnce = 64
        var items: [KeyringItem] = []
        items.reserveCapacity(paths.count)
        for start in stride(from: 0, to: paths.count, by: atOnce) {
            let batch = paths[start..<min(start + atOnce, paths.count)]
            let results = await withTaskGroup(of: Result<KeyringItem?, KeyringError>.self) { group in
                for path in batch {
                    group.addTask {
                        await Result { () async throws(KeyringError) in
                            try await self.describe(path, owner: owner)
                        }
                    }
                }
                var results: [Result<KeyringItem?, KeyringError>] = []
                for await result in group { results.append(result) }
                return results
            }
            for result in results {
                if let item = try result.get() { items.append(item) }
            }
        }
        return items
    }

    private func describe(_ path: ObjectPath, owner: String) async throws(KeyringError) -> KeyringItem? {
        let answer: [Value]
        do throws(KeyringError) {
            answer = try await call(owner, path, Names.properties, "GetAll", [.string(Names.item)])
        } catch .notFound {
            return nil
        } catch {
            throw error
        }
        guard let facts = answer.first?.vardict else { throw .failed("an item has no properties") }
        var attributes: [String: String] = [:]
        for (name, value) in facts["Attributes"]?.asDict ?? [:] {
            if let name = name.asString, let value = value.asString { attributes[name] = value }
        }
        let schema = attributes.removeValue(forKey: KeyringItem.schemaAttribute) ?? ""
        return KeyringItem(
            path: path.text,
            schema: schema,
            label: facts["Label"]?.asString ?? "",
            attributes: attributes,
            created: facts["Created"]?.asUInt64 ?? 0,
            modified: facts["Modified"]?.asUInt64 ?? 0
        )
    }
}
