// SPDX-License-Identifier: Apache-2.0

/// Builds a document out of what a parser reports, one event after the other.
///
/// It writes into memory that was reserved for the most that a text of a known length can become: for each of a
/// million events an array would check whether it is its own and has room.
@unsafe struct TreeBuilder {
    typealias Node = Document.Node

    private let nodes: UnsafeMutableBufferPointer<Node>
    private let content: UnsafeMutableBufferPointer<UInt8>
    private(set) var nodeCount = 0
    private(set) var contentCount = 0
    /// All that is not in the two above.
    private(set) var document = Document()
    private(set) var failure: XMLError?
    /// Whether the root element has been closed; nothing behind it can spoil the document.
    private(set) var isComplete = false
    /// The elements that are not closed yet, and which of them have text among their children.
    private var open: [(index: Int32, hasText: Bool)] = []
    /// Text is collected from here on until an event says whose it is.
    private var pending = 0

    init(nodes: UnsafeMutableBufferPointer<Node>, content: UnsafeMutableBufferPointer<UInt8>) {
        unsafe self.nodes = nodes
        unsafe self.content = content
        unsafe open.reserveCapacity(64)
    }

    mutating func number(of name: String) -> UInt32 { unsafe document.number(of: name) }

    mutating func start(_ name: UInt32) {
        unsafe settleText()
        guard unsafe open.count < Document.deepest else {
            unsafe failure = .tooDeep
            return
        }
        guard let index = unsafe append(.element, name: name, Document.Slice()) else { return }
        if unsafe open.isEmpty { unsafe document.root = Element(index: index) }
        unsafe open.append((index, false))
        unsafe pending = contentCount
    }

    /// Adds an attribute to the element that has just been started.
    mutating func attribute(_ name: UInt32, _ value: UnsafeBufferPointer<UInt8>) {
        guard unsafe failure == nil, let element = unsafe open.last?.index else { return }
        let start = unsafe contentCount
        unsafe append(value)
        if unsafe value.contains(UInt8(ascii: "&")) { unsafe resolveAmpersands(from: start) }
        unsafe pending = contentCount
        let index = unsafe Int32(document.attributes.count)
        let slice = unsafe Document.Slice(from: start, to: contentCount)
        unsafe document.attributes.append(Document.Attribute(name: name, value: slice))
        var last = unsafe nodes[Int(element)].firstAttribute
        guard last != Node.none else {
            unsafe nodes[Int(element)].firstAttribute = index
            return
        }
        while case let next = unsafe document.attributes[Int(last)].next, next != Node.none { last = next }
        unsafe document.attributes[Int(last)].next = index
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

    /// Makes a node and puts it behind what is already in the innermost open element.
    private mutating func append(_ kind: Node.Kind, name: UInt32, _ slice: Document.Slice) -> Int32? {
        guard unsafe nodeCount < nodes.count else {
            unsafe failure = .tooLarge
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
        let reference = Array("&#38;".utf8)
        let value = unsafe Array(content[start..<contentCount])
        unsafe contentCount = start
        var index = 0
        while index < value.count {
            unsafe content[contentCount] = value[index]
            unsafe contentCount += 1
            index += value[index...].starts(with: reference) ? reference.count : 1
        }
    }
}
