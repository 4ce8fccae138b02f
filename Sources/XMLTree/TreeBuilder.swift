// SPDX-License-Identifier: Apache-2.0

/// Builds a document out of what a parser reports, one event after the other.
struct TreeBuilder {
    private(set) var document = Document()
    private(set) var failure: XMLError?
    /// Whether the root element has been closed; nothing behind it can spoil the document.
    private(set) var isComplete = false
    /// The elements that are not closed yet, and which of them have text among their children.
    private var open: [Int32] = []
    private var hasText: [Bool] = []
    /// Text is collected in `document.content` from here on until an event says whose it is.
    private var pending = 0

    init(expecting size: Int) {
        // Close to what documents of many small elements need, so that the arrays grow at most once.
        document.nodes.reserveCapacity(size / 28)
        document.content.reserveCapacity(size / 2)
    }

    mutating func start(_ name: UInt32) {
        settleText()
        guard open.count < Document.deepest else {
            failure = .tooDeep
            return
        }
        let parent = open.last ?? Document.Node.none
        document.nodes.append(Document.Node(kind: .element, name: name, parent: parent))
        let index = Int32(document.nodes.count - 1)
        if let parent = open.last {
            append(index, to: parent)
        } else {
            document.root = Element(index: index)
        }
        open.append(index)
        hasText.append(false)
        pending = document.content.count
    }

    /// Adds an attribute to the element that has just been started.
    @unsafe mutating func attribute(_ name: UInt32, _ value: UnsafeBufferPointer<UInt8>) {
        guard failure == nil, let element = open.last else { return }
        let start = document.content.count
        unsafe document.content.append(contentsOf: value)
        if unsafe value.contains(UInt8(ascii: "&")) { resolveAmpersands(from: start) }
        pending = document.content.count
        let slice = Document.Slice(from: start, to: pending)
        document.append(Document.Attribute(name: name, value: slice), to: Element(index: element))
    }

    /// Where no entities are substituted libxml2 leaves an ampersand in an attribute as `&#38;`, and only there.
    private mutating func resolveAmpersands(from start: Int) {
        let reference = Array("&#38;".utf8)
        var index = start
        while index < document.content.count {
            if document.content[index...].starts(with: reference) {
                document.content.replaceSubrange(index..<index + reference.count, with: [UInt8(ascii: "&")])
            }
            index += 1
        }
    }

    mutating func end() {
        guard let index = open.last else { return }
        if document.nodes[Int(index)].firstChild == Document.Node.none {
            document.nodes[Int(index)].content = takePending()
        } else {
            settleText()
        }
        open.removeLast()
        hasText.removeLast()
        isComplete = open.isEmpty
    }

    @unsafe mutating func text(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard !open.isEmpty else { return }
        unsafe document.content.append(contentsOf: bytes)
    }

    @unsafe mutating func leaf(
        _ kind: Document.Node.Kind,
        name: UInt32,
        _ bytes: UnsafeBufferPointer<UInt8>
    ) {
        settleText()
        let start = document.content.count
        unsafe document.content.append(contentsOf: bytes)
        appendLeaf(kind, name: name, Document.Slice(from: start, to: document.content.count))
        pending = document.content.count
    }

    mutating func number(of name: String) -> UInt32 { document.number(of: name) }

    mutating func documentType() { failure = .documentType }

    private mutating func takePending() -> Document.Slice {
        let slice = Document.Slice(from: pending, to: document.content.count)
        pending = document.content.count
        return slice
    }

    /// Text among children: formatting if it is blank and nothing but blanks came before it.
    private mutating func settleText() {
        guard !open.isEmpty, document.content.count > pending else { return }
        if hasText[open.count - 1] || !document.content[pending...].allSatisfy(Document.isBlank) {
            hasText[open.count - 1] = true
            appendLeaf(.text, name: 0, takePending())
        } else {
            document.content.removeLast(document.content.count - pending)
        }
    }

    private mutating func appendLeaf(_ kind: Document.Node.Kind, name: UInt32, _ slice: Document.Slice) {
        var node = Document.Node(kind: kind, name: name, parent: open.last ?? Document.Node.none)
        node.content = slice
        document.nodes.append(node)
        let index = Int32(document.nodes.count - 1)
        if let parent = open.last {
            append(index, to: parent)
        } else if isComplete {
            document.after.append(index)
        } else {
            document.before.append(index)
        }
    }

    private mutating func append(_ index: Int32, to parent: Int32) {
        let element = Element(index: parent)
        document.link(document.nodes[Int(parent)].lastChild, index, in: element)
        document.link(index, Document.Node.none, in: element)
    }
}
