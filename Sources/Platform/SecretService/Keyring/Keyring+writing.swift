// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DBus
package import SecureMemory

extension Keyring {
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
        let wanted = all
        let (item, prompt) = try await asked(place.owner) { [library] () async throws(KeyringError) in
            try await library.create(
                in: place.collection.text,
                of: place.owner,
                label: ProviderQuirks.label(label),
                attributes: wanted,
                secret: secret
            )
        }
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
    /// A provider that keeps just this item locked asks the person about it.
    ///
    /// - Parameters:
    ///   - item: As a search gave it.
    ///   - label: What Seahorse shows from now on.
    ///   - attributes: All that it is found by from now on; the schema stays. One that is left out is gone or empty.
    ///   - secret: What it guards from now on.
    ///   - mayAsk: False for what the person hasn't asked for: an item that the provider asks about stays as it is then.
    /// - Throws: `.locked`, `.itemLocked`, `.notFound`; what was changed before that stays changed, the secret first.
    package func change(
        _ item: KeyringItem,
        label: String? = nil,
        attributes: [String: String]? = nil,
        secret: SecretBytes? = nil,
        mayAsk: Bool = true
    ) async throws(KeyringError) {
        let place = try await openPlace()
        guard let path = ObjectPath(item.path) else { throw .notFound }
        if let secret { try await set(secret, of: item, owner: place.owner, mayAsk: mayAsk) }
        if let attributes {
            try await set(attributes, of: path, schema: item.schema, owner: place.owner)
            if item.attributes.keys.contains(where: { attributes[$0] == nil }),
                let now = try await describe(path, owner: place.owner)
            {
                let left = ProviderQuirks.leftovers(
                    of: item.attributes,
                    in: now.attributes,
                    wanted: attributes
                )
                if !left.isEmpty {
                    let emptied = attributes.merging(left) { wanted, _ in wanted }
                    try await set(emptied, of: path, schema: item.schema, owner: place.owner)
                }
            }
        }
        if let label { try await rename(item, to: ProviderQuirks.label(label), owner: place.owner) }
    }

    /// Deletes an item; asks the person only if the provider insists.
    ///
    /// - Parameters:
    ///   - item: As a search gave it.
    ///   - mayAsk: False for what the person hasn't asked for: a prompt is taken away then, and the item stays.
    /// - Throws: `.locked`, `.notFound`, `.dismissed`.
    package func delete(_ item: KeyringItem, mayAsk: Bool = true) async throws(KeyringError) {
        let place = try await openPlace()
        guard let path = ObjectPath(item.path) else { throw .notFound }
        let answer = try await call(place.owner, path, Names.item, "Delete")
        guard let prompt = answer.first?.asObjectPath, prompt.text != Names.nothing else { return }
        guard mayAsk else {
            dismiss(prompt, of: place.owner)
            throw .dismissed
        }
        _ = try await run(prompt, of: place.owner, within: promptTime)
    }

    // MARK: - Parts of a change

    private func rename(_ item: KeyringItem, to label: String, owner: String) async throws(KeyringError) {
        guard let path = ObjectPath(item.path) else { throw .notFound }
        var kept: SecretBytes?
        if ProviderQuirks.losesSecret(from: item.label, to: label) {
            kept = try await openSecrets(of: [item]).secrets[item.path]
        }
        try await set("Label", of: path, to: .string(label), owner: owner)
        if let kept { try await set(kept, of: item, owner: owner, mayAsk: true) }
    }

    private func set(
        _ secret: SecretBytes,
        of item: KeyringItem,
        owner: String,
        mayAsk: Bool
    ) async throws(KeyringError) {
        do throws(KeyringError) {
            try await asked(owner) { [library] () async throws(KeyringError) in
                try await library.setSecret(secret, of: item.path, from: owner)
            }
        } catch .locked {
            // The collection was open just now: either it is locked since, or it is about this item alone.
            _ = try await openPlace()
            guard mayAsk else { throw .itemLocked }
            try await confirm([item])
            try await asked(owner) { [library] () async throws(KeyringError) in
                try await library.setSecret(secret, of: item.path, from: owner)
            }
        }
    }

    private func set(
        _ attributes: [String: String],
        of path: ObjectPath,
        schema: String,
        owner: String
    ) async throws(KeyringError) {
        var all = attributes
        all[KeyringItem.schemaAttribute] = schema.isEmpty ? nil : schema
        try await set("Attributes", of: path, to: .stringDict(all), owner: owner)
    }

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
}
