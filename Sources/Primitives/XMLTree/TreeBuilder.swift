// SPDX-License-Identifier: Apache-2.0

/// Builds a document out of what a parser reports, one event after the other.
///
/// It writes into memory that was reserved for the most that a text of a known length can become: with each of a
/// million events an array would check whether it is uniquely owned and has room.
@unsafe struct TreeBuilder {
    typealias Node = Document.Node

    private let nodes: UnsafeMutableBufferPointer<Node>
    private let content: UnsafeMutableBufferPointer<UInt8>
    private let limits: Document.Limits
    private(set) var nodeCount = 0
    private(set) var contentCount = 0
    /// Everything that isn't in the two above.
    private(set) var document = Document()
    private(set) var failure: XMLError?
    /// Whether the root element has been closed; nothing after it can spoil the document.
    private(set) var isComplete = false
    /// The elements that are not closed yet, and which of them have text among their children.
    private var open: [(index: Int32, hasText: Bool)] = []
    /// The last attribute of the innermost element.
    private var lastAttribute = Node.none
    private var namespaceCount = 0
    /// Text is collected from here on until an event says whose it is.
    private var pending = 0

    init(
        nodes: UnsafeMutableBufferPointer<Node>,
        content: UnsafeMutableBufferPointer<UInt8>,
        limits: Document.Limits
    ) {
        unsafe self.nodes = nodes
        unsafe self.limits = limits
        unsafe self.content = content
        unsafe open.reserveCapacity(64)
    }

    /// The number of a name; there are few of them, and none is long, in what any program writes.
    mutating func number(of name: String) -> UInt32 {
        guard name.utf8.count <= Document.Limits.nameLength,
            unsafe document.names.count < Document.Limits.names
        else {
            unsafe failure = .excessive(.names)
            return 0
        }
        return unsafe document.number(of: name)
    }

    /// Counts declarations of namespaces: a parser looks through those in scope for each prefix.
    mutating func countNamespaces(_ number: Int) {
        unsafe namespaceCount += number
        if unsafe namespaceCount > Document.Limits.namespaces { unsafe failure = .excessive(.namespaces) }
    }

    mutating func start(_ name: UInt32) {
        unsafe settleText()
        guard unsafe open.count < Document.deepest else {
            unsafe failure = .tooDeep
            return
        }
        guard let index = unsafe append(.element, name: name, Document.Slice()) else { return }
        if unsafe open.isEmpty { unsafe document.root = Element(index: index) }
        unsafe open.append((index, false))
        unsafe lastAttribute = Node.none
        unsafe pending = contentCount
    }

    /// Adds an attribute to the element that has just been started.
    mutating func attribute(_ name: UInt32, _ value: UnsafeBufferPointer<UInt8>) {
        guard unsafe failure == nil, let element = unsafe open.last?.index else { return }
        guard unsafe document.attributes.count < limits.nodes else {
            unsafe failure = .excessive(.attributes)
            return
        }
        let start = unsafe contentCount
        unsafe append(value)
        if unsafe value.contains(UInt8(ascii: "&")) { unsafe resolveAmpersands(from: start) }
        unsafe pending = contentCount
        let index = unsafe Int32(document.attributes.count)
        let slice = unsafe Document.Slice(from: start, to: contentCount)
        unsafe document.attributes.append(Document.Attribute(name: name, value: slice))
        if unsafe lastAttribute == Node.none {
            unsafe nodes[Int(element)].firstAttribute = index
        } else {
            unsafe document.attributes[Int(lastAttribute)].next = index
        }
        unsafe lastAttribute = index
    }

    mutating func end() {
        guard let element = unsafe open.last else { return }
        if unsafe nodes[Int(element.index)].firstChild == Node.none {
            unsafe nodes[Int(element.index)].content = takePending()
        } else {
            unsafe settleText()
        }
        unsafe open.removeLast()
        unsafe isComplete = open.isEmpty
    }

    mutating func text(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard unsafe !open.isEmpty else { return }
        unsafe append(bytes)
    }

    mutating func text(byte: UInt8) {
        guard unsafe contentCount < content.count else {
            unsafe failure = .tooLarge
            return
        }
        unsafe content[contentCount] = byte
        unsafe contentCount += 1
    }

    mutating func leaf(_ kind: Node.Kind, name: UInt32, _ bytes: UnsafeBufferPointer<UInt8>) {
        unsafe settleText()
        let start = unsafe contentCount
        unsafe append(bytes)
        _ = unsafe append(kind, name: name, Document.Slice(from: start, to: contentCount))
        unsafe pending = contentCount
    }

    mutating func documentType() { unsafe failure = .documentType }

    private mutating func takePending() -> Document.Slice {
        let slice = unsafe Document.Slice(from: pending, to: contentCount)
        unsafe pending = contentCount
        return slice
    }

    /// Text among children: formatting if it is blank and nothing but blanks came before it.
    private mutating func settleText() {
        guard unsafe contentCount > pending, let element = unsafe open.last else { return }
        let text = unsafe UnsafeBufferPointer(rebasing: content[pending..<contentCount])
        if unsafe element.hasText || !text.allSatisfy(Document.isBlank) {
            unsafe open[open.count - 1].hasText = true
            _ = unsafe append(.text, name: 0, takePending())
        } else {
            unsafe contentCount = pending
        }
    }

    private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress, let target = unsafe content.baseAddress else { return }
        guard unsafe bytes.count <= content.count - contentCount else {
            unsafe failure = .tooLarge
            return
        }
        unsafe (target + contentCount).update(from: source, count: bytes.count)
        unsafe contentCount += bytes.count
    }

    /// Makes a node and appends it to what is already in the innermost open element.
    private mutating func append(_ kind: Node.Kind, name: UInt32, _ slice: Document.Slice) -> Int32? {
        guard unsafe nodeCount < nodes.count else {
            unsafe failure = nodeCount < limits.nodes ? .tooLarge : .excessive(.elements)
            return nil
        }
        let index = unsafe Int32(nodeCount)
        let parent = unsafe open.last?.index ?? Node.none
        var node = Node(kind: kind, name: name, parent: parent)
        node.content = slice
        if parent != Node.none {
            let last = unsafe nodes[Int(parent)].lastChild
            node.previous = last
            unsafe nodes[Int(parent)].lastChild = index
            if last == Node.none {
                unsafe nodes[Int(parent)].firstChild = index
            } else {
                unsafe nodes[Int(last)].next = index
            }
        } else if kind != .element {
            if unsafe isComplete {
                unsafe document.after.append(index)
            } else {
                unsafe document.before.append(index)
            }
        }
        unsafe nodes.initializeElement(at: nodeCount, to: node)
        unsafe nodeCount += 1
        return index
    }

    /// Where no entities are substituted libxml2 leaves an ampersand in an attribute as `&#38;`, and only there.
    private mutating func resolveAmpersands(from start: Int) {
        let (first, end) = unsafe (start, contentCount)
        unsafe contentCount = first
        var index = first
        while index < end {
            // The one written is never behind the one read.
            unsafe content[contentCount] = content[index]
            unsafe contentCount += 1
            index += unsafe isReference(at: index, before: end) ? 5 : 1
        }
    }

    private func isReference(at index: Int, before end: Int) -> Bool {
        guard unsafe content[index] == UInt8(ascii: "&"), index + 5 <= end else { return false }
        return unsafe content[index + 1] == UInt8(ascii: "#") && content[index + 2] == UInt8(ascii: "3")
            && content[index + 3] == UInt8(ascii: "8") && content[index + 4] == UInt8(ascii: ";")
    }
}
