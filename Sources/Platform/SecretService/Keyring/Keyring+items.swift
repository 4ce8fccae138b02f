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

    /// Finds the entries that KeePassXC shows, whoever has made them; none where another program offers the keyring.
    ///
    /// - Parameter known: The paths of items that needn't be looked at.
    /// - Returns: All others that there are in our collection, oldest first.
    /// - Throws: `.locked` for a locked collection, which is never taken for an empty one.
    package func entries(except known: Set<String>) async throws(KeyringError) -> [KeyringItem] {
        let place = try await openPlace()
        let all = try await property(
            "Items",
            of: place.collection,
            interface: Names.collection,
            owner: place.owner
        )
        let paths = (all.asArray ?? []).compactMap(\.asObjectPath)
            .filter { ProviderQuirks.mayBeEntry($0.text) && !known.contains($0.text) }
        return try await describe(paths, owner: place.owner).filter { $0.entry != nil }
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
}
