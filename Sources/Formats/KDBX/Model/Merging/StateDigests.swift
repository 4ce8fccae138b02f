// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import XMLTree

/// Digests of what entries say, the same for equal ones, so that each is looked at once.
///
/// Keyed for this merge alone: a digest reveals nothing about its content.
struct StateDigests {
    private let key = Randomness.secret(32)
    /// Of ours and of theirs, which number them each in its own way.
    private var attachments: [Side: [[UInt8]: [UInt8]]] = [:]

    /// What may still come out of compressed attachments of either.
    private var budgets: [Side: InflationBudget] = [:]

    /// Which side something belongs to.
    enum Side: Hashable { case ours, theirs }

    /// What an entry says, apart from when it was edited, used and moved, and from its history.
    mutating func digest(of entry: Element, in database: Database, _ side: Side) -> [UInt8] {
        let (document, names) = (database.document, database.names)
        var writer = Writer()
        defer { writer.wipeAll() }
        var values: [[UInt8]: Element] = [:]
        var files: [[UInt8]: Element] = [:]
        for child in document.children(of: entry) {
            let isString = document.isNamed(child, names.string)
            guard isString || document.name(of: child) == "Binary",
                let key = document.child(of: child, named: names.key),
                let value = document.child(of: child, named: names.value)
            else { continue }
            let name = Array(document.content(of: key))
            if isString {
                // Programs differ in whether they write a standard field that is empty.
                if database.holdsSomething(value) { values[name] = value }
            } else {
                files[name] = value
            }
        }
        for (name, value) in values.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            writer.add(name)
            writer.add(database.secret(in: value))
        }
        writer.add(Array("attachments".utf8))
        for (name, value) in files.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            writer.add(name)
            writer.add(digest(ofAttachmentAt: value, in: database, side))
        }
        let expiry = Entry(database: database, element: entry).expires
        writer.add(expiry.map { $0.unix.littleEndianBytes } ?? [])
        for part in Self.otherParts(of: entry, in: document) { Self.add(part, of: database, to: &writer) }
        return HMAC.sha256(key: key, writer.bytes)
    }

    /// Of each attachment once, however many entries refer to it.
    private mutating func digest(
        ofAttachmentAt value: Element,
        in database: Database,
        _ side: Side
    ) -> [UInt8] {
        let reference = database.document.attribute("Ref", of: value)
        if let reference, let known = attachments[side]?[Array(reference.utf8)] { return known }
        var budget = budgets[side] ?? database.inflationBudget
        var attachment = database.attachment(at: value, &budget)
        budgets[side] = budget
        var bytes = attachment?.bytes ?? []
        let isCompressed = attachment?.isCompressed == true
        attachment = nil
        let digest = HMAC.sha256(key: key, bytes) + [isCompressed ? 1 : 0]
        bytes.wipe()
        if let reference { attachments[side, default: [:]][Array(reference.utf8)] = digest }
        return digest
    }

    /// Icon, colours, tags, auto-type, custom data and what nobody here knows, in the order of names.
    private static func otherParts(of entry: Element, in document: Document) -> [Element] {
        let parts = document.children(of: entry).filter { element in
            !compared.contains(document.name(of: element)) && document.contentSize(of: element) > 0
        }
        return parts.map { (name: Array(document.name(of: $0).utf8), element: $0) }.enumerated().sorted {
            left,
            right in
            left.element.name == right.element.name
                ? left.offset < right.offset
                : left.element.name.lexicographicallyPrecedes(right.element.name)
        }.map(\.element.element)
    }

    private static let compared: Set = [
        "UUID", "Times", "String", "Binary", "History", "PreviousParentGroup",
    ]

    /// One element after the other, each with how many are in it, so that no depth can exhaust a stack.
    ///
    /// Elements that hold nothing are left out wherever they are: programs differ in whether they write them.
    private static func add(_ top: Element, of database: Database, to writer: inout Writer) {
        let document = database.document
        let elements = document.elements(under: top, where: { _ in true })
        var counts: [Element: UInt32] = [:]
        var isFilled: Set<Element> = []
        // Children come after their parents.
        for element in elements.reversed() {
            let holds =
                counts[element] != nil || document.hasAttributes(element) || database.holdsSomething(element)
            guard holds, isFilled.insert(element).inserted, element != top else { continue }
            if let parent = document.parent(of: element) { counts[parent, default: 0] += 1 }
        }
        for element in elements where isFilled.contains(element) {
            writer.add(Array(document.name(of: element).utf8))
            let attributes = document.attributes(of: element).map {
                (Array($0.name.utf8), Array($0.value.utf8))
            }
            for (name, value) in attributes.sorted(by: { $0.0.lexicographicallyPrecedes($1.0) }) {
                writer.add(name)
                writer.add(value)
            }
            let count = counts[element] ?? 0
            writer.add([UInt8(truncatingIfNeeded: attributes.count)] + count.littleEndianBytes)
            writer.add(count == 0 ? database.secret(in: element) : nil)
        }
    }

    /// Concatenates values so that no two different sequences give the same bytes.
    private struct Writer {
        private(set) var bytes: [UInt8] = []

        mutating func add(_ value: [UInt8]) {
            bytes.makeRoom(for: 4 + value.count)
            bytes += UInt32(value.count).littleEndianBytes
            bytes += value
        }

        mutating func add(_ secret: SecretBytes?) {
            guard let secret else { return add([]) }
            bytes.makeRoom(for: 4 + secret.count)
            bytes += UInt32(secret.count).littleEndianBytes
            secret.withSpan { span in for index in span.indices { bytes.append(span[index]) } }
        }

        mutating func wipeAll() { bytes.wipe() }
    }
}

/// The states of an entry in its history and as it is now, found by when they were edited.
struct KnownStates {
    private var byTime: [Timestamp: [Element]] = [:]
    private var digests: [Timestamp: Set<[UInt8]>] = [:]

    init(of entry: Element, in database: Database) {
        add(entry, at: database.modified(entry))
        guard let history = database.document.child(of: entry, named: "History") else { return }
        for state in database.document.children(of: history, named: database.names.entry) {
            add(state, at: database.modified(state))
        }
    }

    private mutating func add(_ state: Element, at time: Timestamp) {
        byTime[time, default: []].append(state)
    }

    /// Adds a state; true if it wasn't known.
    mutating func insert(_ digest: [UInt8], at time: Timestamp, digestOf: (Element) -> [UInt8]) -> Bool {
        look(at: time, digestOf)
        return digests[time, default: []].insert(digest).inserted
    }

    /// Whether a state is known.
    mutating func contains(_ digest: [UInt8], at time: Timestamp, digestOf: (Element) -> [UInt8]) -> Bool {
        look(at: time, digestOf)
        return digests[time]?.contains(digest) ?? false
    }

    private mutating func look(at time: Timestamp, _ digestOf: (Element) -> [UInt8]) {
        for state in byTime.removeValue(forKey: time) ?? [] {
            digests[time, default: []].insert(digestOf(state))
        }
    }
}
