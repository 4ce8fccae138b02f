// SPDX-License-Identifier: Apache-2.0

import Testing
import XMLTree

@Suite struct EditingTests {
    private var document: Document
    private let b: Element
    private let c: Element

    init() throws {
        document = try Document(parsing: Array("<a><b x=\"1\">one</b><c><d/></c></a>".utf8))
        b = try #require(document.child(of: document.root, named: "b"))
        c = try #require(document.child(of: document.root, named: "c"))
    }

    private var text: String { Self.text(of: document) }

    private static func text(of document: Document) -> String {
        String(
            String(decoding: (try? document.serialized()) ?? [], as: UTF8.self).drop { $0 != "\n" }
                .dropFirst()
        )
    }

    @Test func `elements are found by name and path`() {
        #expect(document.name(of: document.root) == "a")
        #expect(document.text(of: b) == "one")
        #expect(document.attribute("x", of: b) == "1")
        #expect(document.attribute("y", of: b) == nil)
        #expect(document.descendant(of: document.root, "c", "d") != nil)
        #expect(document.descendant(of: document.root, "d") == nil)
        #expect(Array(document.children(of: document.root)) == [b, c])
        #expect(document.parent(of: b) == document.root)
        #expect(document.elements(under: document.root) { document.hasAttributes($0) } == [b])
        #expect(document.contentSize(of: document.root) == 3)
    }

    @Test mutating func `text is replaced, together with whatever stood there`() {
        document.setText(of: b, to: "two & three")
        document.setText(of: c, to: "four")
        #expect(text == "<a><b x=\"1\">two &amp; three</b><c>four</c></a>")
    }

    private static func canHold(_ utf8: [UInt8]) -> Bool { Document.canHold(utf8.span) }

    @Test(arguments: ["\u{0}", "\u{1}", "\u{B}", "\u{1F}", "\u{FFFE}", "\u{FFFF}"])
    func `what XML can't have is never left out: the document can't be written`(character: String) {
        #expect(!Document.canHold("a\(character)b"))
        #expect(!Self.canHold(Array("a\(character)b".utf8)))
        for text in [character, "a\(character)", "\(character)b", "\u{FFFD}\(character)"] {
            var document = document
            document.setText(of: b, to: text)
            #expect(Array(document.content(of: b)) == Array(text.utf8))
            #expect(throws: XMLError.unwritable) { try document.serialized() }
            document.setText(of: b, to: "x")
            #expect(throws: Never.self) { try document.serialized() }
            document.setAttribute("x", of: b, to: text)
            #expect(throws: XMLError.unwritable) { try document.serialized() }
            document.setAttribute("x", of: b, to: nil)
            document.setOpaqueContent(of: b) { $0.append(0) }
            #expect(throws: XMLError.unwritable) {
                try document.serialized { (_) throws(XMLError) in Array(text.utf8) }
            }
        }
    }

    @Test func `what XML can have is written, however near it is to what it can't`() throws {
        let numbers: [UInt32] = [
            0x9, 0xA, 0xD, 0x20, 0x7F, 0x9F, 0xFFFD, 0xFDD0, 0xBFBE, 0xFFBE, 0xEFBF, 0x1FFFE, 0x10FFFF, 0x3BE,
        ]
        let text = String(String.UnicodeScalarView(numbers.compactMap { Unicode.Scalar($0) }))
        #expect(Document.canHold(text))
        #expect(Self.canHold(Array(text.utf8)))
        #expect(!Self.canHold([0x61, 0xED, 0xA0, 0x80]))
        var document = document
        document.setText(of: b, to: text)
        let again = try Document(parsing: document.serialized())
        #expect(again.text(of: again.root, child: "b").map { Array($0.utf8) } == Array(text.utf8))
    }

    @Test func `bytes that are no text aren't written as one`() {
        var document = document
        document.setOpaqueContent(of: b) { $0.append(0) }
        #expect(throws: XMLError.unwritable) {
            try document.serialized { (_) throws(XMLError) in [0x61, 0xC3] }
        }
    }

    @Test mutating func `attributes are set in their place, added last, and taken away`() {
        document.setAttribute("y", of: b, to: "2")
        document.setAttribute("x", of: b, to: "\"3\"")
        #expect(text == "<a><b x=\"&quot;3&quot;\" y=\"2\">one</b><c><d/></c></a>")
        document.setAttribute("x", of: b, to: nil)
        document.setAttribute("z", of: b, to: nil)
        #expect(text == "<a><b y=\"2\">one</b><c><d/></c></a>")
    }

    @Test mutating func `elements are added, moved and removed`() {
        let new = document.append("e", to: c, text: "new")
        document.insert("f", before: c)
        #expect(text == "<a><b x=\"1\">one</b><f/><c><d/><e>new</e></c></a>")
        document.move(new, to: document.root, before: b)
        #expect(text == "<a><e>new</e><b x=\"1\">one</b><f/><c><d/></c></a>")
        document.remove(b)
        document.remove(document.root)
        #expect(text == "<a><e>new</e><f/><c><d/></c></a>")
        #expect(document.parent(of: b) == nil)
        document.move(b, to: c)
        #expect(text == "<a><e>new</e><f/><c><d/><b x=\"1\">one</b></c></a>")
    }

    @Test mutating func `an element can't be moved into itself`() throws {
        let d = try #require(document.child(of: c, named: "d"))
        let hasMoved = [
            document.move(c, to: d), document.move(c, to: c), document.move(document.root, to: d),
        ]
        #expect(hasMoved == [false, false, false])
        #expect(text == "<a><b x=\"1\">one</b><c><d/></c></a>")
    }

    @Test mutating func `an element put into text leaves the text before it`() {
        document.append("g", to: b)
        #expect(text == "<a><b x=\"1\">one<g/></b><c><d/></c></a>")
    }

    @Test mutating func `a copy from another document is a copy of all that is in it`() throws {
        let other = try Document(parsing: Array("<z><y p=\"q\">text<!--note--><x>1</x></y></z>".utf8))
        let y = try #require(other.child(of: other.root, named: "y"))
        let copy = document.copy(y, from: other)
        #expect(document.isEqual(copy, to: y, in: other))
        document.move(copy, to: c)
        #expect(text == "<a><b x=\"1\">one</b><c><d/><y p=\"q\">text<!--note--><x>1</x></y></c></a>")
        let again = document.copy(c, from: document)
        #expect(document.isEqual(again, to: c, in: document))
    }

    @Test mutating func `a document is a value`() {
        let before = document
        document.setText(of: b, to: "changed")
        #expect(before.text(of: b) == "one")
        #expect(document.text(of: b) == "changed")
    }

    @Test mutating func `opaque content is replaced while it is written, and what it was is gone`() throws {
        document.setOpaqueContent(of: b) { $0 += [1, 2, 3] }
        let b = b
        #expect(document.isOpaque(b))
        let bytes = try document.serialized { (element: Element) throws(XMLError) in
            element == b ? Array("<sealed>".utf8) : nil
        }
        #expect(
            String(decoding: bytes, as: UTF8.self).hasSuffix(
                "<a><b x=\"1\">&lt;sealed&gt;</b><c><d/></c></a>"
            )
        )
    }

    @Test func `the last elements of a name are found from behind`() throws {
        let document = try Document(parsing: Array("<a><g/><e/><g/><g/></a>".utf8))
        let groups = document.children(of: document.root, named: "g")
        #expect(document.firstOfLast(named: "g", in: document.root) == groups[1])
        #expect(document.firstOfLast(named: "e", in: document.root) == nil)
    }
}
