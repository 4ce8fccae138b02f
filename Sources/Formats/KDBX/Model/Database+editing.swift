// SPDX-License-Identifier: Apache-2.0

import Ciphers
package import SecureMemory
import UnicodeText
import XMLTree

/// A string of an entry as it is to be.
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

    /// Describes a change to a value that isn't secret.
    package init(_ name: String, _ text: String) {
        self.init(name, SecretBytes(utf8: text))
    }
}

extension Database {
    /// Changes strings of an entry; its former state goes to its history, where the oldest may have to go.
    /// - Parameters:
    ///   - id: The entry.
    ///   - changes: What is to become of which string; the others stay.
    ///   - now: The time of the change; it counts as made a second after the one before where that isn't earlier.
    ///   - kept: Times of states in its history: the password of the youngest of them stays there, whatever room the
    ///     settings leave, unless it is the entry's.
    /// - Returns: Whether anything was different; if not, nothing has been touched.
    /// - Throws: `notFound`; `unwritable` for what the file can't represent as it is meant. Nothing has been touched
    ///   then.
    @discardableResult
    package mutating func change(
        _ id: Identifier,
        _ changes: [FieldChange],
        at now: Timestamp,
        keepingPasswordOf kept: Set<Timestamp> = []
    ) throws(KDBXError) -> Bool {
        guard let entry = entryPlaces[id] else { throw .notFound }
        var places = StringPlaces(of: entry, in: self)
        try check(changes, places)
        let effective = changes.filter { isChange($0, of: places.value($0.name)) }
        guard !effective.isEmpty else { return false }
        // The clock may have been ahead: the present state is the latest, or a merge would take a former one for that.
        let time = max(now, Timestamp(unix: modified(entry).unix + 1))
        keepFormerState(of: entry, andPasswordOf: kept)
        for change in effective { apply(change, to: entry, &places) }
        setTime("LastModificationTime", of: entry, to: time)
        setTime("LastAccessTime", of: entry, to: now)
        return true
    }

    /// Adds an entry.
    /// - Parameters:
    ///   - group: The group that gets it.
    ///   - fields: Its strings; the five standard ones are made empty where missing, as every program does.
    ///   - now: The time of its making.
    /// - Returns: What it is known by from now on.
    /// - Throws: `notFound`; `unwritable` for what the file can't represent as it is meant.
    package mutating func addEntry(
        to group: Identifier,
        _ fields: [FieldChange],
        at now: Timestamp
    ) throws(KDBXError) -> Identifier {
        guard let parent = groupPlaces[group] else { throw .notFound }
        try check(fields, nil)
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
        var places = StringPlaces(of: entry, in: self)
        for name in Self.standardFields where !fields.contains(where: { $0.name == name }) {
            apply(FieldChange(name, ""), to: entry, &places)
        }
        for field in fields { apply(field, to: entry, &places) }
        let autoType = document.append("AutoType", to: entry)
        document.append("Enabled", to: autoType, text: "True")
        document.append("DataTransferObfuscation", to: autoType, text: "0")
        document.append("DefaultSequence", to: autoType)
        document.append("History", to: entry)
        entryPlaces[id] = entry
        return id
    }

    /// Adds a group.
    /// - Parameters:
    ///   - name: Its name.
    ///   - parent: The group that gets it.
    ///   - now: The time of its making.
    /// - Returns: What it is known by from now on.
    /// - Throws: `notFound`, `unwritable`.
    package mutating func addGroup(
        _ name: String,
        to parent: Identifier,
        at now: Timestamp
    ) throws(KDBXError) -> Identifier {
        guard let place = groupPlaces[parent] else { throw .notFound }
        guard Document.canHold(name) else { throw .unwritable }
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

    /// Whether changes can be written as they are: nothing left out, and no two strings with the same name, whatever
    /// would make the names the same.
    private func check(_ changes: [FieldChange], _ places: StringPlaces?) throws(KDBXError) {
        var names: Set<[UInt8]> = []
        for change in changes {
            guard names.insert(StringPlaces.key(change.name)).inserted, Document.canHold(change.name)
            else { throw .unwritable }
            // Protected values are base64 in the file: they can be anything.
            let former = places?.value(change.name)
            guard let value = change.value, !willBeProtected(change, former) else { continue }
            // As text, a short one would be left behind on the thread's stack, which nothing wipes.
            guard value.withSpan({ Document.canHold($0) }) else { throw .unwritable }
        }
    }

    private func willBeProtected(_ change: FieldChange, _ former: Element?) -> Bool {
        change.isProtected ?? former.map { ProtectedValues.isProtected($0, in: document) }
            ?? isProtectedByDefault(change.name)
    }

    private func isChange(_ change: FieldChange, of value: Element?) -> Bool {
        guard let value else { return change.value != nil }
        guard let new = change.value else { return true }
        let isProtected = ProtectedValues.isProtected(value, in: document)
        return secret(in: value) != new || change.isProtected.map { $0 != isProtected } ?? false
    }

    private mutating func apply(_ change: FieldChange, to entry: Element, _ places: inout StringPlaces) {
        let former = places.value(change.name)
        guard let new = change.value else {
            if let former, let string = document.parent(of: former) {
                document.remove(string)
                if places.remove(change.name) { places = StringPlaces(of: entry, in: self) }
            }
            return
        }
        let isProtected = willBeProtected(change, former)
        let value = former ?? addString(change.name, to: entry, before: places.follower)
        places.note(value, change.name)
        set(value, to: new, isPublic: Self.publicFields.contains(change.name), isProtected: isProtected)
    }

    private mutating func set(
        _ value: Element,
        to secret: SecretBytes,
        isPublic: Bool,
        isProtected: Bool
    ) {
        document.setAttribute("Protected", of: value, to: isProtected ? "True" : nil)
        guard isProtected || !isPublic && !secret.isEmpty else {
            document.setText(of: value, to: secret.exposedText() ?? "")
            return
        }
        let sealed = SecretSeal().seal(secret)
        document.setOpaqueContent(of: value) { $0.append(contentsOf: sealed) }
    }

    /// Makes a string with an empty value behind the entry's others.
    private mutating func addString(
        _ name: String,
        to entry: Element,
        before follower: Element?
    ) -> Element {
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

    private static let publicFields: Set = ["Title", "URL", "UserName"]
    private static let standardFields = ["Notes", "Password", "Title", "URL", "UserName"]
}

/// Where an entry's strings have their values, looked up once for many changes; of two with the same name the first
/// counts.
///
/// Names that are the same once they are read, composed and stream-safe, are one: a second string with such a name
/// would look like the first to whoever compares texts, and KeePassXC opens no file with two of the same name.
private struct StringPlaces {
    private var values: [[UInt8]: Element] = [:]
    private var repeated: Set<[UInt8]> = []
    /// What follows the strings.
    let follower: Element?

    init(of entry: Element, in database: Database) {
        let (document, names) = (database.document, database.names)
        follower = document.child(of: entry, named: "AutoType") ?? document.child(of: entry, named: "History")
        for string in document.children(of: entry, named: names.string) {
            guard let key = document.child(of: string, named: names.key) else { continue }
            let name = Self.key(document.text(of: key))
            guard values[name] == nil else {
                repeated.insert(name)
                continue
            }
            values[name] = document.child(of: string, named: names.value)
        }
    }

    /// What a name is known by.
    static func key(_ name: String) -> [UInt8] { Array(name.composed.utf8) }

    func value(_ name: String) -> Element? { values[Self.key(name)] }

    /// Forgets one; true if there was another of the same name, which counts from now on.
    mutating func remove(_ name: String) -> Bool {
        values[Self.key(name)] = nil
        return repeated.contains(Self.key(name))
    }

    mutating func note(_ value: Element, _ name: String) { values[Self.key(name)] = value }
}
