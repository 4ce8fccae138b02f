// SPDX-License-Identifier: Apache-2.0

import XMLTree

/// A database in memory: a value, edited in place, with everything in it that the file had.
///
/// Its protected values are sealed; each is opened when it is asked for. What this module doesn't understand is
/// carried along untouched: unknown elements, custom data, header fields, attachments and their order.
package struct Database: Sendable {
    /// How the file is laid out and encrypted.
    package internal(set) var header: OuterHeader
    var innerHeader: InnerHeader
    var innerStream: InnerStream.Kind
    var document: Document
    /// Names in the document.
    let names: ElementNames
    /// Where entries and groups stand, without histories; the first of each UUID.
    var entryPlaces: [Identifier: Element] = [:]
    var groupPlaces: [Identifier: Element] = [:]
    /// Where version 3 has its attachments.
    var binaryPlaces: [[UInt8]: Element] = [:]
    /// The UUIDs that it gave to entries which have none of their own in the file.
    package internal(set) var replacementIDs: Set<Identifier> = []
    /// The outermost group.
    var rootGroup: Element
    /// How much may come out of all its compressed attachments together, each time that all are looked at.
    var inflationBudget = InflationBudget(KDBXLimits().freeContentSize)

    /// Takes over what has been read.
    /// - Throws: `damaged(.document)` unless there is a root group.
    init(
        header: OuterHeader,
        innerHeader: InnerHeader,
        innerStream: InnerStream.Kind,
        document: Document
    ) throws(KDBXError) {
        guard document.name(of: document.root) == "KeePassFile",
            let group = document.descendant(of: document.root, "Root", "Group")
        else { throw .damaged(.document) }
        self.init(
            header: header,
            innerHeader: innerHeader,
            innerStream: innerStream,
            document: document,
            rootGroup: group
        )
    }

    init(
        header: OuterHeader,
        innerHeader: InnerHeader,
        innerStream: InnerStream.Kind,
        document: Document,
        rootGroup: Element
    ) {
        self.header = header
        self.innerHeader = innerHeader
        self.innerStream = innerStream
        var document = document
        names = ElementNames(&document)
        self.document = document
        self.rootGroup = rootGroup
        assignReplacementIDs(to: findPlaces())
    }

    /// The version of the format that it was read from and is written in.
    package var version: FormatVersion { header.version }

    /// Notes where everything stands.
    /// - Returns: The entries that can't be identified: without a UUID, with zeros, or with one that came before.
    @discardableResult
    mutating func findPlaces() -> [Element] {
        var (entries, groups): ([Identifier: Element], [Identifier: Element]) = ([:], [:])
        var nameless: [Element] = []
        func note(_ element: Element, in places: inout [Identifier: Element]) -> Bool {
            guard let identifier = identifier(of: element), identifier != Identifier.none,
                places[identifier] == nil
            else { return false }
            places[identifier] = element
            return true
        }
        // A stack of our own: groups may be nested deeper than ours.
        var left = [rootGroup]
        while let current = left.popLast() {
            _ = note(current, in: &groups)
            var inner: [Element] = []
            for child in document.children(of: current) {
                if document.isNamed(child, names.entry) {
                    if !note(child, in: &entries) { nameless.append(child) }
                } else if document.isNamed(child, names.group) {
                    inner.append(child)
                }
            }
            // In the order of `entries`, so that both agree which of two with the same UUID is the first.
            left += inner.reversed()
        }
        (entryPlaces, groupPlaces) = (entries, groups)
        binaryPlaces = foundBinaries()
        return nameless
    }

    func identifier(of element: Element) -> Identifier? {
        document.child(of: element, named: names.uuid).flatMap {
            Identifier(base64: document.content(of: $0))
        }
    }

    var meta: Element? { document.child(of: document.root, named: "Meta") }

    func meta(_ name: String) -> String? { meta.flatMap { document.text(of: $0, child: name) } }

    /// A time that stands in an element's `Times`.
    func time(_ name: String, of element: Element) -> Timestamp? {
        document.find(name).flatMap { time($0, of: element) }
    }

    func time(_ name: Name, of element: Element) -> Timestamp? {
        document.child(of: element, named: names.times)
            .flatMap { document.child(of: $0, named: name) }
            .flatMap { Timestamp(document.content(of: $0)) }
    }
}
