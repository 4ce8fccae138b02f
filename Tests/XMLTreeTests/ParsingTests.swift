// SPDX-License-Identifier: Apache-2.0

import Testing
import XMLTree

@Suite struct ParsingTests {
    private func text(_ xml: String) throws -> String {
        let whole = String(decoding: try Document(parsing: Array(xml.utf8)).serialized(), as: UTF8.self)
        return String(whole.drop { $0 != "\n" }.dropFirst())
    }

    /// What is written again as it was read.
    static let same: [String] = [
        "<a/>", "<a>text</a>", "<a b=\"c\"/>", "<a b=\"1\" c=\"2\"><d/>text<e>x</e></a>",
        "<a>&amp;&lt;&gt;</a>",
        "<a b=\"&quot;&amp;&lt;&#xA;&#x9;\"/>", "<a>&#xD;</a>", "<a> </a>", "<a><!-- a comment --></a>",
        "<a><?target instruction?></a>", "<!--before--><a/><!--after-->",
        "<a xmlns=\"urn:x\"><b xmlns:p=\"urn:y\"/></a>",
        "<a xmlns:p=\"urn:x\"><p:b p:c=\"d\"/></a>", "<a>text <b/> more <c/> <d/></a>", "<ä>ö🔑</ä>",
    ]

    @Test(arguments: same)
    func `a document is written as it was read`(xml: String) throws {
        #expect(try text(xml) == xml)
    }

    /// What is written in another way that means the same.
    static let normalized: [(String, String)] = [
        ("<a></a>", "<a/>"),
        ("<a>\n\t<b>x</b>\n\t<c/>\n</a>", "<a><b>x</b><c/></a>"),
        ("<a><![CDATA[<b>&]]></a>", "<a>&lt;b&gt;&amp;</a>"),
        ("<a b='\"'/>", "<a b=\"&quot;\"/>"),
        ("<?xml version=\"1.0\"?><a>&#65;&#x42;</a>", "<a>AB</a>"),
        ("\u{FEFF}<a/>", "<a/>"),
        ("<a>1\r\n2</a>", "<a>1\n2</a>"),
        ("<a/> \n", "<a/>"),
    ]

    @Test(arguments: normalized)
    func `a document is written in one way`(xml: String, expected: String) throws {
        #expect(try text(xml) == expected)
    }

    @Test func `bytes behind the root element are passed over`() throws {
        #expect(try text("<a/>garbage <b") == "<a/>")
        #expect(try text("<a/>\0\0\0") == "<a/>")
    }

    @Test func `another encoding is read if it is declared`() throws {
        let bytes =
            Array("<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><a>".utf8) + [0xE4] + Array("</a>".utf8)
        let document = try Document(parsing: bytes)
        #expect(document.text(of: document.root) == "ä")
    }

    static let broken: [String] = [
        "", " ", "<a>", "<a><b></a>", "<a b></a>", "<a b=c/>", "<a>&nbsp;</a>", "<a>&</a>", "a",
        "<a b=\"1\" b=\"2\"/>",
        "<a>\u{1}</a>", "<a><</a>", "<a/",
    ]

    @Test(arguments: broken)
    func `what is not well-formed is refused`(xml: String) {
        #expect(throws: XMLError.self) { try Document(parsing: Array(xml.utf8)) }
    }

    @Test func `bytes that are no text are refused`() {
        let bytes = Array("<a>".utf8) + [0xFF, 0xFE] + Array("</a>".utf8)
        #expect(throws: XMLError.malformed(line: 1)) { try Document(parsing: bytes) }
    }

    static let types: [String] = [
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY b \"bb\">]><a>&b;</a>",
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
        "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>",
    ]

    @Test(arguments: types)
    func `a document type is refused, and with it every entity`(xml: String) {
        #expect(throws: XMLError.documentType) { try Document(parsing: Array(xml.utf8)) }
    }

    @Test func `elements may be nested deep, but not without end`() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)).utf8)
        }
        #expect(throws: Never.self) { try Document(parsing: nested(Document.deepest)) }
        #expect(throws: XMLError.tooDeep) { try Document(parsing: nested(Document.deepest + 1)) }
        #expect(throws: XMLError.tooDeep) { try Document(parsing: nested(100_000)) }
    }
}
