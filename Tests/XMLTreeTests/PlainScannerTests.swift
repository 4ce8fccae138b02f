// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import XMLTree

/// The plain way to read a text is no reading of its own: whatever it takes, libxml2 takes the same.
@Suite struct PlainScannerTests {
    private static let sample = Array(
        """
        <?xml version="1.0" encoding="utf-8"?>
        <File a="1" b='two "2"'>\r
        \t<Entry><Key>K&amp;&lt;&gt;&quot;&apos;</Key><Value Protected="True">AAA=</Value></Entry>\r\n
        \t<Entry>text ä🔑 ] &#xD;&#xA; <Inner_x.y-z /> more <c/> </Entry ><Empty></Empty><Blank> </Blank>
        </File>
        """.utf8
    )

    private func both(_ bytes: [UInt8]) -> (plain: [UInt8]?, library: [UInt8]?) {
        // A refusal is an answer here.
        (
            (try? Document(parsing: bytes))?.serialized(),
            (try? Document(parsingByLibrary: bytes[...]))?.serialized()
        )
    }

    @Test func `a sample of all that is plain reads the same in both ways`() throws {
        let (plain, library) = both(Self.sample)
        #expect(plain != nil)
        #expect(plain == library)
    }

    @Test(arguments: ParsingTests.same + ParsingTests.normalized.map(\.0) + ParsingTests.broken)
    func `every text of the tables reads the same in both ways`(xml: String) {
        let (plain, library) = both(Array(xml.utf8))
        #expect(plain == library)
    }

    @Test func `a text with any byte changed reads the same in both ways`() {
        let bytes = Array("<>/&;\"'= \r\n\t]!?-:xA0#".utf8) + [0, 1, 0x7F, 0x80, 0xC3, 0xEF, 0xFF]
        for index in Self.sample.indices {
            for byte in bytes {
                var altered = Self.sample
                altered[index] = byte
                let (plain, library) = both(altered)
                #expect(plain == library, "byte \(index) to \(byte)")
            }
        }
    }

    @Test func `a text with any piece left out or doubled reads the same in both ways`() {
        for start in Self.sample.indices {
            for length in [1, 2, 5, 9] where start + length <= Self.sample.count {
                let piece = Self.sample[start..<start + length]
                let without = Array(Self.sample[..<start] + Self.sample[(start + length)...])
                let doubled = Array(Self.sample[..<start] + piece + Self.sample[start...])
                for altered in [without, doubled] {
                    let (plain, library) = both(altered)
                    #expect(plain == library, "\(length) bytes at \(start)")
                }
            }
        }
    }

    static let odd: [String] = [
        "<a xmlns=\"x\"/>", "<a b=\"1\" b=\"1\"/>", "<a b=\"\t\"/>", "<a>]]></a>", "<a>]</a>", "<a>]]</a>",
        "<a>&#0;</a>",
        "<a>&#x1F511;</a>", "<a>\u{FFFE}</a>", "<a>\u{FFFD}</a>", "<a>\u{7F}\u{85}</a>", "<1/>", "<-/>",
        "<a.1/>",
        "<a b=\"1\"c=\"2\"/>", "< a/>", "<a / >", "<a></ a>", "<a></b>", "<a/><b/>",
        "\n<?xml version=\"1.0\"?><a/>",
        "<?xml version=\"1.0\" encoding=\"utf-16\"?><a/>", "<?xml version=\"1.1\"?><a/>", "text<a/>",
        "<a>\r</a>", "<a>\r\r\n</a>",
    ]

    @Test(arguments: odd)
    func `odd texts read the same in both ways`(xml: String) {
        let (plain, library) = both(Array(xml.utf8))
        #expect(plain == library)
    }
}
