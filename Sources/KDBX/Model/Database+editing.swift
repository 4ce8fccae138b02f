// SPDX-License-Identifier: Apache-2.0

import Ciphers
package import Secrecy
import XMLTree

/// A string of an entry as it is to become.
package struct FieldChange: Sendable {
    /// Its name.
    package var name: String
    /// Its value; nil removes it.
    package var value: SecretBytes?
    /// Whether it is to be kept encrypted; nil leaves that as it is, or as the database has it for new ones.
    package var isProtected: Bool?

    /// Describes a change.
    package init(_ name: String, _ value: SecretBytes?, isProtected: Bool? = nil) {
        self.name = name
        self.value = value
        self.isProtected = isProtected
    }

    /// Describes a change to a value that is no secret.
    package init(_ name: String, _ text: String) {
        self.init(name, SecretBytes(utf8: text))
    }
}

extension Database {
    /// Changes strings of an entry; its former state goes to its history, where the oldest may have to go.
    /// - Parameters:
    ///   - id: The entry.
    ///   - changes: What is to become of which string; the others stay.
    ///   - now: The time of the change.
    /// - Returns: Whether anything was different; if not, nothing has been touched.
    /// - Throws: `notFound`.
    @discardableResult
    package mutating func change(
        _ id: Identifier,
        _ changes: [FieldChange],
        at now: Timestamp
    ) throws(KDBXError) -> Bool {
        guard let entry = entryPlaces[id] else { throw .notFound }
        let effective = changes.filter { isChange($0, of: entry) }
        guard !effective.isEmpty else { return false }
        keepFormerState(of: entry)
        for change in effective { apply(change, to: entry) }
        setTime("LastModificationTime", of: entry, to: now)
        setTime("LastAccessTime", of: entry, to: now)
        return true
    }

    /// Adds an entry.
    /// - Parameters:
    ///   - group: Where to.
    ///   - fields: Its strings; the five standard ones are made empty where missing, as every program does.
    ///   - now: The time of its making.
    /// - Returns: What it is known by from now on.
    /// - Throws: `notFound`.
    package mutating func addEntry(
        to group: Identifier,
        _ fields: [FieldChange],
        at now: Timestamp
    ) throws(KDBXError) -> Identifier {
        guard let parent = groupPlaces[group] else { throw .notFound }
        let id = Identifier.random()
        // KeePass reads a group's entries before its groups, and writes them so.
        let entry: Element
        if let firstGroup = document.firstOfLast(named: "Group", in: parent) {
            entry = document.insert("Entry", before: firstGroup)
        } else {
            entry = document.append("Entry", to: parent)
        }
        document.append("UUID", to: entry, text: id.base64)
        document.append("IconID", to: entry, text: "0")
        for name in ["ForegroundColor", "BackgroundColor", "OverrideURL", "Tags"] {
            document.append(name, to: entry)
        }
        addTimes(to: entry, at: now)
        for name in Self.standardFields where !fields.contains(where: { $0.name == name }) {
            apply(FieldChange(name, ""), to: entry)
        }
        for field in fields { apply(field, to: entry) }
        let autoType = document.append("AutoType", to: entry)
        document.append("Enabled", to: autoType, text: "True")
        document.append("DataTransferObfuscation", to: autoType, text: "0")
        document.append("History", to: entry)
        entryPlaces[id] = entry
        return id
    }

    /// Adds a group.
    /// - Parameters:
    ///   - name: Its name.
    ///   - parent: Where to.
    ///   - now: The time of its making.
    /// - Returns: What it is known by from now on.
    /// - Throws: `notFound`.
    package mutating func addGroup(
        _ name: String,
        to parent: Identifier,
        at now: Timestamp
    ) throws(KDBXError) -> Identifier {
        guard let place = groupPlaces[parent] else { throw .notFound }
        let id = Identifier.random()
        let group = document.append("Group", to: place)
        document.append("UUID", to: group, text: id.base64)
        document.append("Name", to: group, text: name)
        document.append("Notes", to: group)
        document.append("IconID", to: group, text: "48")
        addTimes(to: group, at: now)
        document.append("IsExpanded", to: group, text: "True")
        document.append("DefaultAutoTypeSequence", to: group)
        document.append("EnableAutoType", to: group, text: "null")
        document.append("EnableSearching", to: group, text: "null")
        document.append("LastTopVisibleEntry", to: group, text: Identifier.none.base64)
        groupPlaces[id] = group
        return id
    }

    private func isChange(_ change: FieldChange, of entry: Element) -> Bool {
        guard let value = value(change.name, of: entry) else { return change.value != nil }
        guard let new = change.value else { return true }
        let isProtected = ProtectedValues.isProtected(value, in: document)
        return secret(in: value) != new || change.isProtected.map { $0 != isProtected } ?? false
    }

    private mutating func apply(_ change: FieldChange, to entry: Element) {
        guard let new = change.value else {
            if let value = value(change.name, of: entry), let string = document.parent(of: value) {
                document.remove(string)
            }
            return
        }
        let former = value(change.name, of: entry)
        let isProtected =
            change.isProtected ?? former.map { ProtectedValues.isProtected($0, in: document) }
            ?? isProtectedByDefault(change.name)
        set(former ?? addString(change.name, to: entry), to: new, isProtected: isProtected)
    }

    private mutating func set(_ value: Element, to secret: SecretBytes, isProtected: Bool) {
        document.setAttribute("Protected", of: value, to: isProtected ? "True" : nil)
        if isProtected {
            let sealed = SecretSeal().seal(secret)
            document.setContent(of: value, to: sealed)
        } else {
            document.setText(of: value, to: secret.exposedText() ?? "")
        }
    }

    /// Makes a string with an empty value behind the entry's others.
    private mutating func addString(_ name: String, to entry: Element) -> Element {
        let follower =
            document.child(of: entry, named: "AutoType") ?? document.child(of: entry, named: "History")
        let string: Element
        if let follower {
            string = document.insert("String", before: follower)
        } else {
            string = document.append("String", to: entry)
        }
        document.append("Key", to: string, text: name)
        return document.append("Value", to: string)
    }

    /// Whether the database wants a standard field encrypted; others are not unless somebody says so.
    private func isProtectedByDefault(_ name: String) -> Bool {
        guard Self.standardFields.contains(name) else { return false }
        let setting = meta.flatMap { document.descendant(of: $0, "MemoryProtection", "Protect" + name) }
        return setting.map { isTrue($0) } ?? (name == "Password")
    }

    private static let standardFields = ["Notes", "Password", "Title", "URL", "UserName"]
}
