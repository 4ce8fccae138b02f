// SPDX-License-Identifier: Apache-2.0

import JSON
import UnicodeText

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

    /// Reads the field; members that can't be read count as missing.
    ///
    /// Other programs write this field, too, and one of its members being broken must not undo another's Deny.
    package init(json: some Sequence<UInt8>) {
        // Broken JSON says nothing; the text may hold anything, so it isn't reported either.
        let read = try? JSONReader.object(Array(json), keeping: Self.interest, isLenient: true)
        let value = { (name: String) in
            // Exactly: other programs' members are theirs.
            read?.members.last { $0.name.hasSameBytes(as: name) }?.value
        }
        self.init(
            allow: Self.texts(value("Allow")),
            deny: Self.texts(value("Deny")),
            realm: value("Realm").flatMap(Self.text)
        )
    }

    private static let interest = JSONReader.Interest(members: ["Allow", "Deny", "Realm"])

    /// The texts of a list, whatever else is in it; none where it is no list.
    private static func texts(_ value: JSONValue?) -> [String] {
        guard case .array(let elements)? = value else { return [] }
        return elements.compactMap(text)
    }

    private static func text(_ value: JSONValue) -> String? {
        if case .string(let text) = value { text } else { nil }
    }

    /// Whether there is nothing to write.
    package var isEmpty: Bool { allow.isEmpty && deny.isEmpty && realm == nil }

    private static func canonical(_ host: String) -> String {
        PageAddress(loose: host)?.hostAndPort ?? host
    }
}
