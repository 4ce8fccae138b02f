// SPDX-License-Identifier: Apache-2.0

/// One element of a document: a handle that means something only together with its document and its copies.
package struct Element: Hashable, Sendable {
    /// Its number: of two the one that was made first has the lower one.
    package let index: Int32
}

/// A name that a document has somewhere: looked up once, it is found again without comparing letters.
///
/// Like an element, it means something only together with its document and its copies.
package struct Name: Hashable, Sendable {
    let number: UInt32
}

/// An XML document as a value: copied by assignment, edited in place, compared and sent like any other.
///
/// Everything in it stays as it was read, known or not: elements and attributes in their order, text, comments and
/// processing instructions. White space between elements is taken for formatting and left out. Content is bytes, not
/// necessarily text, so that whoever keeps something sealed in memory can keep it where it belongs; `serialized` has
/// a hook to put the text back.
///
/// All nodes are in one array and all content in another, which makes a document small, quick to build and quick to
/// free. What is removed stays in the arrays until the document goes.
package struct Document: Sendable {
    /// How deep elements may be nested.
    package static let deepest = 1024

    var nodes: [Node] = []
    var attributes: [Attribute] = []
    var names: [String] = []
    var nameNumbers: [NameKey: UInt32] = [:]
    /// The bytes of all content and of all attributes' values.
    var content: [UInt8] = []
    /// The nodes outside of the root element: comments and processing instructions.
    var before: [Int32] = []
    var after: [Int32] = []

    /// The outermost element.
    package internal(set) var root = Element(index: 0)

    /// Makes a document of one empty element.
    package init(root name: String) {
        let number = self.number(of: name)
        nodes.append(Node(kind: .element, name: number, parent: Node.none))
    }

    init() {}

    struct Node: Sendable {
        enum Kind: UInt8 {
            case element
            case text
            case comment
            case instruction
        }

        static let none: Int32 = -1

        var kind: Kind
        /// Whether the content isn't text but something of the document's owner, who gives the text when it is written.
        var isOpaque = false
        /// Of an element, or of a processing instruction its target.
        var name: UInt32
        var parent: Int32
        var previous: Int32 = Self.none
        var next: Int32 = Self.none
        var firstChild: Int32 = Self.none
        var lastChild: Int32 = Self.none
        var firstAttribute: Int32 = Self.none
        /// An element has content of its own only while it has no children.
        var content = Slice()
    }

    struct Attribute: Sendable {
        var name: UInt32
        var next: Int32 = Node.none
        var value: Slice
    }

    /// A stretch of `content`.
    struct Slice: Sendable {
        var start: UInt32 = 0
        var count: UInt32 = 0

        var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
    }

    mutating func number(of name: String) -> UInt32 {
        if let number = nameNumbers[NameKey(name)] { return number }
        let number = UInt32(names.count)
        names.append(name)
        nameNumbers[NameKey(name)] = number
        return number
    }

    subscript(_ element: Element) -> Node {
        get { nodes[Int(element.index)] }
        // In place, since a node isn't small.
        _modify { yield &nodes[Int(element.index)] }
    }
}

/// A name as its bytes: comparing strings by what they look like takes a time that grows with the square of a run of
/// combining marks, and two names that only look the same are two.
struct NameKey: Hashable, Sendable {
    private let text: String

    init(_ text: String) { self.text = text }

    static func == (left: NameKey, right: NameKey) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    func hash(into hasher: inout Hasher) {
        let isHashed: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { bytes in
            unsafe hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
        }
        if isHashed == nil { for byte in text.utf8 { hasher.combine(byte) } }
    }
}
