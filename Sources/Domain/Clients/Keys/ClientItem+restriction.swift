// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Vault

// What a client is restricted to: an attribute for each list that isn't empty, a JSON array of texts. One that is empty is
// none: some providers keep those that are to go (ProviderQuirks).
extension ClientItem {
    private static let lists = [Attribute.vaults, Attribute.groups, Attribute.hosts]
    /// Something that is no list.
    private static let unreadable = "null"

    /// The part of an item's attributes that restricts its client.
    static func restricting(_ attributes: [String: String]) -> [String: String] {
        attributes.filter { lists.contains($0.key) && !$0.value.isEmpty }
    }

    /// The attributes of an item, its client restricted to something else.
    static func attributes(
        _ attributes: [String: String],
        restrictedTo restriction: ClientRestriction
    ) -> [String: String] {
        var attributes = attributes
        for (name, texts) in zip(lists, [restriction.vaults, restriction.groups, restriction.hosts]) {
            // Texts always encode.
            let list = (try? JSONEncoder().encode(texts)).map { String(decoding: $0, as: UTF8.self) }
            attributes[name] = texts.isEmpty ? nil : list ?? unreadable
        }
        return attributes
    }

    /// What a client is restricted to; where that can't be read, as after somebody has edited the item, to nothing.
    static func restriction(_ attributes: [String: String]) -> ClientRestriction {
        let lists = lists.map { name in
            attributes[name].flatMap { $0.isEmpty ? nil : $0 }.map {
                // What is wrong with it doesn't matter.
                try? JSONDecoder().decode([String].self, from: Data($0.utf8))
            } ?? []
        }
        guard let vaults = lists[0], let groups = lists[1], let hosts = lists[2],
            // Why doesn't matter.
            let restriction = try? ClientRestriction(vaults: vaults, groups: groups, hosts: hosts)
        else { return .unreadable }
        return restriction
    }
}
