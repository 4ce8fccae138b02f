// SPDX-License-Identifier: Apache-2.0

import DBus

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

    /// Looks at some items again.
    ///
    /// - Parameter paths: Where they were, as events or a former search said.
    /// - Returns: What they are now, by their paths; those that are gone are left out.
    /// - Throws: `.locked` for a locked collection.
    package func items(at paths: [String]) async throws(KeyringError) -> [String: KeyringItem] {
        let place = try await openPlace()
        let ours = paths.filter { $0.hasPrefix(place.collection.text + "/") }.compactMap { ObjectPath($0) }
        let found = try await describe(ours, owner: place.owner)
        return Dictionary(found.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
    }

    // MARK: - Reading what the bus shows

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

    func describe(_ path: ObjectPath, owner: String) async throws(KeyringError) -> KeyringItem? {
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
        ProviderQuirks.removeOwnAttributes(from: &attributes, path: path)
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
