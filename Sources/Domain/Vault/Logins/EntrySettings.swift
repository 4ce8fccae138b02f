// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// An entry's own string field `KeePassHttp Settings`: what its owner decided about hosts, once and for all.
package struct EntrySettings: Hashable, Sendable {
    /// The name of the string field, and of the entry in which the plugin keeps its keys.
    package static let fieldName = "KeePassHttp Settings"

    /// Hosts that get the entry without a question, each as `PageAddress.hostAndPort` where it can be read as one.
    package var allow: Set<String>
    /// Hosts that never get it.
    package var deny: Set<String>
    /// The realm that it is for, never empty.
    package var realm: String?

    /// Settings with these hosts, in the form in which hosts are compared.
    package init(
        allow: some Sequence<String> = EmptyCollection(),
        deny: some Sequence<String> = EmptyCollection(),
        realm: String? = nil
    ) {
        self.allow = Set(allow.map(Self.canonical))
        self.deny = Set(deny.map(Self.canonical))
        self.realm = realm.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Reads the field; what cannot be read counts as not said, member by member.
    ///
    /// Other programs write this field, too, and one of its members being broken must not undo another's Deny.
    package init(json: some Sequence<UInt8>) {
        // Broken JSON says nothing; the text may hold anything, so it isn't reported either.
        let members = try? JSONDecoder().decode(Members.self, from: Data(json))
        self.init(
            allow: members?.allow ?? [],
            deny: members?.deny ?? [],
            realm: members?.realm
        )
    }

    /// Whether there is nothing to write.
    package var isEmpty: Bool { allow.isEmpty && deny.isEmpty && realm == nil }

    private static func canonical(_ host: String) -> String {
        PageAddress(loose: host)?.hostAndPort ?? host
    }
}

extension EntrySettings {
    private struct Members: Decodable {
        var allow: [String]
        var deny: [String]
        var realm: String?

        enum CodingKeys: String, CodingKey {
            case allow = "Allow"
            case deny = "Deny"
            case realm = "Realm"
        }

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: CodingKeys.self)
            allow = Self.hosts(members, .allow)
            deny = Self.hosts(members, .deny)
            // A realm that is no text is no realm.
            realm = try? members.decodeIfPresent(String.self, forKey: .realm)
        }

        private static func hosts(
            _ members: KeyedDecodingContainer<CodingKeys>,
            _ key: CodingKeys
        ) -> [String] {
            // A member that is no list of texts says nothing; the texts of a mixed list count.
            guard var list = try? members.nestedUnkeyedContainer(forKey: key) else { return [] }
            var hosts: [String] = []
            var mistakes = 0
            while !list.isAtEnd, mistakes < mostMistakes, let text = try? list.decode(Text.self) {
                if let host = text.value { hosts.append(host) } else { mistakes += 1 }
            }
            return hosts
        }

        /// Foundation looks for the line of each mistake from the text's beginning on.
        private static let mostMistakes = 32
    }

    private struct Text: Decodable {
        let value: String?

        init(from decoder: any Decoder) throws {
            // A number in the list is not a host; the others of the list still are.
            value = try? decoder.singleValueContainer().decode(String.self)
        }
    }
}
