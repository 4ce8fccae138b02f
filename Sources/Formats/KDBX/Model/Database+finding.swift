// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import UnicodeText
import XMLTree

extension Database {
    /// The group that all others are in.
    package var root: Group { Group(database: self, element: rootGroup) }

    /// All entries, without histories, in the order of the file.
    package var entries: [Entry] {
        var found: [Entry] = []
        found.reserveCapacity(entryPlaces.count)
        var groups = [rootGroup]
        while let current = groups.popLast() {
            var inner: [Element] = []
            for child in document.children(of: current) {
                if document.isNamed(child, names.entry) {
                    found.append(Entry(database: self, element: child))
                } else if document.isNamed(child, names.group) {
                    inner.append(child)
                }
            }
            groups += inner.reversed()
        }
        return found
    }

    /// An entry by its UUID.
    package func entry(_ id: Identifier) -> Entry? {
        entryPlaces[id].map { Entry(database: self, element: $0) }
    }

    /// A group by its UUID.
    package func group(_ id: Identifier) -> Group? {
        groupPlaces[id].map { Group(database: self, element: $0) }
    }

    /// The group at a path of names from below the root, each time the first.
    package func group(at path: [String]) -> Group? {
        var group = root
        for name in path {
            guard let next = group.groups.first(where: { $0.name == name }) else { return nil }
            group = next
        }
        return group
    }

    /// The recycle bin's UUID, if there is one in use.
    package var recycleBin: Identifier? {
        guard let meta, let place = document.child(of: meta, named: "RecycleBinUUID"),
            let identifier = Identifier(base64: document.content(of: place)), identifier != .none
        else { return nil }
        return identifier
    }

    /// The element with a string's value.
    func value(_ name: String, of entry: Element) -> Element? {
        for child in document.children(of: entry) where document.isNamed(child, names.string) {
            guard let key = document.child(of: child, named: names.key),
                document.content(of: key).elementsEqual(name.utf8)
            else { continue }
            return document.child(of: child, named: names.value)
        }
        return nil
    }

    /// What an element holds, opened if it is sealed.
    func secret(in value: Element) -> SecretBytes? {
        ProtectedValues.secret(in: value, of: document)
    }

    /// Whether an element's value isn't empty.
    func holdsSomething(_ value: Element) -> Bool {
        document.content(of: value).count > (document.isOpaque(value) ? SecretSeal.overhead : 0)
    }

    /// An element's text, opened if it is sealed.
    func text(of element: Element) -> String {
        guard document.isOpaque(element) else { return document.text(of: element) }
        let secret = secret(in: element)
        return secret?.withSpan { span in String(repairing: span.indices.map { span[$0] }) } ?? ""
    }

    func isTrue(_ element: Element) -> Bool { document.text(of: element).lowercased() == "true" }
}
