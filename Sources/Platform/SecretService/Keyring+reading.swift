// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DBus

// Reading what the bus shows of items: all but their secrets.
extension Keyring {
    /// How many items are asked about at once: enough to keep the provider at work, and few enough that whoever else calls
    /// it is served in between.
    private static let atOnce = 32

    /// Reads many items, in no order; those that are gone are left out.
    func describe(_ paths: [ObjectPath], owner: String) async throws(KeyringError) -> [KeyringItem] {
        let byParts = ProviderQuirks.readsFasterByParts(paths)
        let outcome = await withTaskGroup(of: Result<KeyringItem?, KeyringError>.self) { group in
            let ask = { (group: inout TaskGroup<Result<KeyringItem?, KeyringError>>, path: ObjectPath) in
                group.addTask {
                    await Result { () async throws(KeyringError) in
                        byParts
                            ? try await self.describeByParts(path, owner: owner)
                            : try await self.describe(path, owner: owner)
                    }
                }
            }
            var waiting = paths[...]
            for path in waiting.prefix(Self.atOnce) { ask(&group, path) }
            waiting = waiting.dropFirst(Self.atOnce)
            var items: [KeyringItem] = []
            items.reserveCapacity(paths.count)
            while let result = await group.next() {
                switch result {
                case .success(let item): if let item { items.append(item) }
                case .failure(let error):
                    group.cancelAll()
                    return Result<[KeyringItem], KeyringError>.failure(error)
                }
                if let path = waiting.popFirst() { ask(&group, path) }
            }
            return .success(items)
        }
        return try outcome.get()
    }

    /// Reads one item; nil if it is gone.
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
        return Self.item(
            at: path,
            attributes: facts["Attributes"],
            label: facts["Label"],
            created: facts["Created"]
        )
    }

    /// Reads just those properties that are of use, one by one.
    private func describeByParts(
        _ path: ObjectPath,
        owner: String
    ) async throws(KeyringError) -> KeyringItem? {
        do throws(KeyringError) {
            let attributes = try await property("Attributes", of: path, interface: Names.item, owner: owner)
            let label = try await property("Label", of: path, interface: Names.item, owner: owner)
            let created = try await property("Created", of: path, interface: Names.item, owner: owner)
            return Self.item(at: path, attributes: attributes, label: label, created: created)
        } catch .notFound {
            return nil
        } catch {
            throw error
        }
    }

    private static func item(
        at path: ObjectPath,
        attributes found: Value?,
        label: Value?,
        created: Value?
    ) -> KeyringItem {
        var attributes: [String: String] = [:]
        for (name, value) in found?.asDict ?? [:] {
            if let name = name.asString, let value = value.asString { attributes[name] = value }
        }
        let entry = ProviderQuirks.takeEntry(from: &attributes, path: path)
        let schema = attributes.removeValue(forKey: KeyringItem.schemaAttribute) ?? ""
        return KeyringItem(
            path: path.text,
            schema: schema,
            label: label?.asString ?? "",
            attributes: attributes,
            created: created?.asUInt64 ?? 0,
            entry: entry
        )
    }
}
