// SPDX-License-Identifier: Apache-2.0

extension Document {
    /// Replaces what is in an element by bytes.
    package mutating func setContent(of element: Element, to bytes: some Collection<UInt8>) {
        setContent(of: element) { $0.append(contentsOf: bytes) }
    }

    /// Replaces what is in an element by what the closure appends.
    package mutating func setContent(of element: Element, appending: (inout [UInt8]) -> Void) {
        // One by one, not by `children`: an iterator holds on to the document, which would then be copied.
        var child = self[element].firstChild
        while child != Node.none {
            let next = nodes[Int(child)].next
            remove(Element(index: child))
            child = next
        }
        let former = self[element].content.range
        let start = content.count
        appending(&content)
        self[element].content = Slice(from: start, to: content.count)
        self[element].isOpaque = false
        // What is replaced is usually a secret, or a secret before it was sealed.
        for index in former { content[index] = 0 }
    }

    /// Replaces what is in an element by bytes that aren't text: `serialized` asks what to write for them.
    package mutating func setOpaqueContent(of element: Element, appending: (inout [UInt8]) -> Void) {
        setContent(of: element, appending: appending)
        self[element].isOpaque = true
    }

    /// Replaces what is in an element by text.
    ///
    /// Nothing is left out: a document with characters that XML can't have can't be written.
    package mutating func setText(of element: Element, to text: String) {
        setContent(of: element, to: text.utf8)
    }

    /// Replaces the text of the first child of a name, which is made as the last one if missing.
    @discardableResult
    package mutating func setText(of element: Element, child name: String, to text: String) -> Element {
        let child = child(of: element, named: name) ?? append(name, to: element)
        setText(of: child, to: text)
        return child
    }

    /// Sets an attribute, in its place if it is there; nil takes it away.
    package mutating func setAttribute(_ name: String, of element: Element, to value: String?) {
        let number = number(of: name)
        var previous = Node.none
        var index = self[element].firstAttribute
        while index != Node.none, attributes[Int(index)].name != number {
            previous = index
            index = attributes[Int(index)].next
        }
        if let value {
            let start = content.count
            content.append(contentsOf: value.utf8)
            let slice = Slice(from: start, to: content.count)
            if index != Node.none {
                attributes[Int(index)].value = slice
            } else {
                append(Attribute(name: number, value: slice), to: element)
            }
        } else if index != Node.none {
            link(attribute: attributes[Int(index)].next, after: previous, of: element)
        }
    }

    /// Makes an empty element and puts it last in its parent.
    @discardableResult
    package mutating func append(_ name: String, to parent: Element, text: String = "") -> Element {
        let element = make(name)
        move(element, to: parent)
        if !text.isEmpty { setText(of: element, to: text) }
        return element
    }

    /// Makes an empty element and puts it before another.
    @discardableResult
    package mutating func insert(_ name: String, before sibling: Element) -> Element {
        let element = make(name)
        if let parent = parent(of: sibling) { move(element, to: parent, before: sibling) }
        return element
    }

    /// Takes an element out; it may be put back by `move`.
    ///
    /// The root stays.
    package mutating func remove(_ element: Element) {
        guard element != root else { return }
        let node = self[element]
        guard node.parent != Node.none else { return }
        if node.previous == Node.none {
            nodes[Int(node.parent)].firstChild = node.next
        } else {
            nodes[Int(node.previous)].next = node.next
        }
        if node.next == Node.none {
            nodes[Int(node.parent)].lastChild = node.previous
        } else {
            nodes[Int(node.next)].previous = node.previous
        }
        self[element].parent = Node.none
        self[element].previous = Node.none
        self[element].next = Node.none
    }

    /// Puts an element last in another, or before one of its children; refused (false) where it would be its own
    /// descendant.
    @discardableResult
    package mutating func move(_ element: Element, to parent: Element, before sibling: Element? = nil) -> Bool
    {
        var ancestor: Element? = parent
        while let current = ancestor {
            guard current != element else { return false }
            ancestor = self.parent(of: current)
        }
        guard element != root, sibling != element else { return false }
        remove(element)
        giveContentAPlace(in: parent)
        let next = sibling.flatMap { self.parent(of: $0) == parent ? $0.index : nil } ?? Node.none
        let previous = next == Node.none ? self[parent].lastChild : nodes[Int(next)].previous
        self[element].parent = parent.index
        link(previous, element.index, in: parent)
        link(element.index, next, in: parent)
        return true
    }

    /// Copies an element and everything in it, from this document or another; the copy isn't attached anywhere yet.
    package mutating func copy(_ element: Element, from source: Document) -> Element {
        var copies: [Int32: Int32] = [:]
        source.walk(from: element) { index in
            var node = source.nodes[Int(index)]
            node.name = number(of: source.names[Int(node.name)])
            node.content = take(node.content, from: source)
            node.firstAttribute = copyAttributes(from: node.firstAttribute, of: source)
            let parent = index == element.index ? nil : copies[node.parent]
            node.parent = parent ?? Node.none
            (node.previous, node.next) = (Node.none, Node.none)
            (node.firstChild, node.lastChild) = (Node.none, Node.none)
            nodes.append(node)
            let copy = Int32(nodes.count - 1)
            copies[index] = copy
            if let parent {
                let previous = nodes[Int(parent)].lastChild
                link(previous, copy, in: Element(index: parent))
                link(copy, Node.none, in: Element(index: parent))
            }
        }
        return Element(index: copies[element.index] ?? Node.none)
    }

    private mutating func make(_ name: String) -> Element {
        nodes.append(Node(kind: .element, name: number(of: name), parent: Node.none))
        return Element(index: Int32(nodes.count - 1))
    }

    /// Makes two nodes neighbours; where one is missing the other is the first or the last.
    mutating func link(_ previous: Int32, _ next: Int32, in parent: Element) {
        if previous == Node.none {
            nodes[Int(parent.index)].firstChild = next
        } else {
            nodes[Int(previous)].next = next
        }
        if next == Node.none {
            nodes[Int(parent.index)].lastChild = previous
        } else {
            nodes[Int(next)].previous = previous
        }
    }

    /// Adds an attribute as the last one.
    mutating func append(_ attribute: Attribute, to element: Element) {
        attributes.append(attribute)
        var last = self[element].firstAttribute
        while last != Node.none, attributes[Int(last)].next != Node.none { last = attributes[Int(last)].next }
        link(attribute: Int32(attributes.count - 1), after: last, of: element)
    }

    private mutating func link(attribute: Int32, after previous: Int32, of element: Element) {
        if previous == Node.none {
            self[element].firstAttribute = attribute
        } else {
            attributes[Int(previous)].next = attribute
        }
    }

    private mutating func copyAttributes(from first: Int32, of source: Document) -> Int32 {
        var (index, head, last) = (first, Node.none, Node.none)
        while index != Node.none {
            let attribute = source.attributes[Int(index)]
            let name = number(of: source.names[Int(attribute.name)])
            attributes.append(Attribute(name: name, value: take(attribute.value, from: source)))
            let copy = Int32(attributes.count - 1)
            if last == Node.none { head = copy } else { attributes[Int(last)].next = copy }
            last = copy
            index = attribute.next
        }
        return head
    }

    private mutating func take(_ slice: Slice, from source: Document) -> Slice {
        let start = content.count
        content.append(contentsOf: source.content[slice.range])
        return Slice(from: start, to: content.count)
    }

    /// Text that was an element's only content becomes a node among the children that it is about to have.
    mutating func giveContentAPlace(in parent: Element) {
        let slice = self[parent].content
        guard slice.count > 0 else { return }
        self[parent].content = Slice()
        guard !content[slice.range].allSatisfy(Self.isBlank) else { return }
        nodes.append(Node(kind: .text, name: 0, parent: parent.index))
        let index = Int32(nodes.count - 1)
        nodes[Int(index)].content = slice
        link(self[parent].lastChild, index, in: parent)
        link(index, Node.none, in: parent)
    }

    static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0A).contains(byte) || byte == 0x0D
    }
}

extension Document.Slice {
    init(from start: Int, to end: Int) {
        // The parser takes less than 2 GiB, and a document grows by what a person adds.
        self.init(start: UInt32(start), count: UInt32(end - start))
    }
}
