// SPDX-License-Identifier: Apache-2.0

import UnicodeText

extension Document {
    /// An element's name as it is written, prefix included.
    package func name(of element: Element) -> String { names[Int(self[element].name)] }

    /// A name's handle, or nil if nothing in the document has this name.
    package func find(_ name: String) -> Name? { nameNumbers[NameKey(name)].map { Name(number: $0) } }

    /// A name's handle, whether anything in the document has this name yet or not.
    package mutating func name(_ text: String) -> Name { Name(number: number(of: text)) }

    /// Whether an element has a name.
    package func isNamed(_ element: Element, _ name: Name?) -> Bool { self[element].name == name?.number }

    /// The parent element; nil for the root, and for what has been removed.
    package func parent(of element: Element) -> Element? {
        let parent = self[element].parent
        return parent == Node.none ? nil : Element(index: parent)
    }

    /// The elements that stand directly in an element.
    package func children(of element: Element) -> Children {
        Children(nodes: nodes, index: self[element].firstChild)
    }

    /// The elements of a name that stand directly in an element.
    package func children(of element: Element, named name: String) -> [Element] {
        find(name).map { children(of: element, named: $0) } ?? []
    }

    /// The elements of a name that stand directly in an element.
    package func children(of element: Element, named name: Name) -> [Element] {
        children(of: element).filter { self[$0].name == name.number }
    }

    /// The first element of a name that stands directly in an element.
    package func child(of element: Element, named name: String) -> Element? {
        find(name).flatMap { child(of: element, named: $0) }
    }

    /// The first element of a name that stands directly in an element.
    package func child(of element: Element, named name: Name?) -> Element? {
        guard let name else { return nil }
        var index = self[element].firstChild
        while index != Node.none {
            if nodes[Int(index)].name == name.number, nodes[Int(index)].kind == .element {
                return Element(index: index)
            }
            index = nodes[Int(index)].next
        }
        return nil
    }

    /// The first of the elements of a name with which an element's children end; nil if they end otherwise.
    package func firstOfLast(named name: String, in element: Element) -> Element? {
        guard let number = nameNumbers[NameKey(name)] else { return nil }
        var first: Element?
        var index = self[element].lastChild
        while index != Node.none {
            let node = nodes[Int(index)]
            if node.kind == .element {
                guard node.name == number else { return first }
                first = Element(index: index)
            }
            index = node.previous
        }
        return first
    }

    /// The element that a path of names leads to, each time the first.
    package func descendant(of element: Element, _ path: String...) -> Element? {
        var element = element
        for name in path {
            guard let next = child(of: element, named: name) else { return nil }
            element = next
        }
        return element
    }

    /// The bytes of an element without children: its text, unless something else was put there.
    package func content(of element: Element) -> ArraySlice<UInt8> { content[self[element].content.range] }

    /// The text of an element without children; text beside children is left out.
    ///
    /// It is stream-safe, and so fit to be compared: an absurdly long run of marks has a joiner in it that the file
    /// hasn't.
    package func text(of element: Element) -> String { String(repairing: content(of: element)) }

    /// Whether the content isn't text but something of the document's owner's, who gives the text when it is written.
    package func isOpaque(_ element: Element) -> Bool { self[element].isOpaque }

    /// The text of the first child of a name, or nil if there is none.
    package func text(of element: Element, child name: String) -> String? {
        child(of: element, named: name).map { text(of: $0) }
    }

    /// Whether an element contains nothing but content.
    package func hasNoChildren(_ element: Element) -> Bool { self[element].firstChild == Node.none }

    /// An attribute's value.
    package func attribute(_ name: String, of element: Element) -> String? {
        var index = self[element].firstAttribute
        while index != Node.none {
            let attribute = attributes[Int(index)]
            if names[Int(attribute.name)].utf8.elementsEqual(name.utf8) {
                return String(repairing: content[attribute.value.range])
            }
            index = attribute.next
        }
        return nil
    }

    /// All attributes of an element in their order.
    package func attributes(of element: Element) -> [(name: String, value: String)] {
        var list: [(name: String, value: String)] = []
        var index = self[element].firstAttribute
        while index != Node.none {
            let attribute = attributes[Int(index)]
            let value = String(repairing: content[attribute.value.range])
            list.append((names[Int(attribute.name)], value))
            index = attribute.next
        }
        return list
    }

    /// The elements under an element, itself included, that meet a condition, in the order of the text.
    package func elements(under top: Element, where isWanted: (Element) -> Bool) -> [Element] {
        var found: [Element] = []
        walk(from: top) { index in
            let element = Element(index: index)
            if nodes[Int(index)].kind == .element, isWanted(element) { found.append(element) }
        }
        return found
    }

    /// Whether an element has any attribute.
    package func hasAttributes(_ element: Element) -> Bool { self[element].firstAttribute != Node.none }

    /// How many bytes of content an element and everything in it have together.
    package func contentSize(of top: Element) -> Int {
        var size = 0
        walk(from: top) { size += Int(nodes[Int($0)].content.count) }
        return size
    }

    /// Visits the nodes under a node, itself included, in the order of the text.
    func walk(from top: Element, _ visit: (Int32) -> Void) {
        var index = top.index
        while true {
            visit(index)
            if nodes[Int(index)].firstChild != Node.none {
                index = nodes[Int(index)].firstChild
                continue
            }
            while index != top.index, nodes[Int(index)].next == Node.none { index = nodes[Int(index)].parent }
            guard index != top.index else { return }
            index = nodes[Int(index)].next
        }
    }

    /// The elements that stand directly in an element, one after the other.
    package struct Children: Sequence, IteratorProtocol {
        // Not the document: a copy of it counts the owners of all its parts.
        let nodes: [Node]
        var index: Int32

        /// The next element, past all text and comments.
        package mutating func next() -> Element? {
            while index != Node.none {
                let current = index
                index = nodes[Int(current)].next
                if nodes[Int(current)].kind == .element { return Element(index: current) }
            }
            return nil
        }
    }
}
