// SPDX-License-Identifier: Apache-2.0

extension Document {
    /// The document as UTF-8 text, with a declaration and without formatting; it reads back as an equal document.
    /// - Throws: `unwritable`.
    package func serialized() throws(XMLError) -> [UInt8] {
        try serialized { (_: Element) throws(XMLError) in nil }
    }

    /// The document as UTF-8 text, with a declaration and without formatting.
    /// - Parameter replacing: Gives what is to be written as the content of an element; nil for its own. It is
    ///   asked, in the order of the text, for each element whose content is opaque.
    /// - Returns: The text, which reads back as an equal document.
    /// - Throws: `unwritable` if a text has characters that XML can't have, since none is ever left out; and what
    ///   `replacing` throws.
    package func serialized(
        replacing: (Element) throws(XMLError) -> [UInt8]?
    ) throws(XMLError) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(content.count * 2)
        output.append(contentsOf: Self.declaration.utf8)
        for index in before { try write(leaf: index, to: &output) }
        try write(root.index, to: &output, replacing)
        for index in after { try write(leaf: index, to: &output) }
        return output
    }

    /// Goes through the nodes without recursion, so that no depth can exhaust a stack.
    private func write(
        _ top: Int32,
        to output: inout [UInt8],
        _ replacing: (Element) throws(XMLError) -> [UInt8]?
    ) throws(XMLError) {
        var index = top
        while true {
            let node = nodes[Int(index)]
            if node.kind != .element {
                try write(leaf: index, to: &output)
            } else if node.firstChild != Node.none {
                try writeTag(of: node, to: &output, closing: UInt8(ascii: ">"))
                index = node.firstChild
                continue
            } else {
                var content = self.content[node.content.range]
                if node.isOpaque, let other = try replacing(Element(index: index)) {
                    // Text from elsewhere need not be valid.
                    guard other.allSatisfy({ $0 < 0x80 }) || String(validating: other, as: UTF8.self) != nil
                    else { throw .unwritable }
                    content = other[...]
                }
                try write(node, content: content, to: &output)
            }
            while index != top, nodes[Int(index)].next == Node.none {
                index = nodes[Int(index)].parent
                writeEnd(of: nodes[Int(index)], to: &output)
            }
            guard index != top else { return }
            index = nodes[Int(index)].next
        }
    }

    private func write(
        _ node: Node,
        content: ArraySlice<UInt8>,
        to output: inout [UInt8]
    ) throws(XMLError) {
        guard !content.isEmpty else {
            try writeTag(of: node, to: &output, closing: UInt8(ascii: "/"), UInt8(ascii: ">"))
            return
        }
        try writeTag(of: node, to: &output, closing: UInt8(ascii: ">"))
        try Self.escape(content, to: &output, inAttribute: false)
        writeEnd(of: node, to: &output)
    }

    private func writeTag(
        of node: Node,
        to output: inout [UInt8],
        closing: UInt8...
    ) throws(XMLError) {
        output.append(UInt8(ascii: "<"))
        output.append(contentsOf: names[Int(node.name)].utf8)
        var index = node.firstAttribute
        while index != Node.none {
            let attribute = attributes[Int(index)]
            output.append(UInt8(ascii: " "))
            output.append(contentsOf: names[Int(attribute.name)].utf8)
            output.append(contentsOf: "=\"".utf8)
            try Self.escape(content[attribute.value.range], to: &output, inAttribute: true)
            output.append(UInt8(ascii: "\""))
            index = attribute.next
        }
        output.append(contentsOf: closing)
    }

    private func writeEnd(of node: Node, to output: inout [UInt8]) {
        output.append(contentsOf: "</".utf8)
        output.append(contentsOf: names[Int(node.name)].utf8)
        output.append(UInt8(ascii: ">"))
    }

    private func write(leaf index: Int32, to output: inout [UInt8]) throws(XMLError) {
        let node = nodes[Int(index)]
        let bytes = content[node.content.range]
        switch node.kind {
        case .element:
            break
        case .text:
            try Self.escape(bytes, to: &output, inAttribute: false)
        case .comment:
            output.append(contentsOf: "<!--".utf8)
            output.append(contentsOf: bytes)
            output.append(contentsOf: "-->".utf8)
        case .instruction:
            output.append(contentsOf: "<?".utf8)
            output.append(contentsOf: names[Int(node.name)].utf8)
            if !bytes.isEmpty { output.append(UInt8(ascii: " ")) }
            output.append(contentsOf: bytes)
            output.append(contentsOf: "?>".utf8)
        }
    }

    /// Writes text so that a parser reads the same: it would turn a bare carriage return into a line feed, and in an
    /// attribute every white space into a blank.
    private static func escape(
        _ bytes: ArraySlice<UInt8>,
        to output: inout [UInt8],
        inAttribute: Bool
    ) throws(XMLError) {
        for index in bytes.indices {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "&"): output.append(contentsOf: "&amp;".utf8)
            case UInt8(ascii: "<"): output.append(contentsOf: "&lt;".utf8)
            case UInt8(ascii: ">"): output.append(contentsOf: "&gt;".utf8)
            case 0x0D: output.append(contentsOf: "&#xD;".utf8)
            case UInt8(ascii: "\"") where inAttribute: output.append(contentsOf: "&quot;".utf8)
            case 0x0A where inAttribute: output.append(contentsOf: "&#xA;".utf8)
            case 0x09 where inAttribute: output.append(contentsOf: "&#x9;".utf8)
            case ..<0x20 where byte != 0x09 && byte != 0x0A:
                throw .unwritable
            // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
            case 0xBE...0xBF
            where index - bytes.startIndex >= 2 && bytes[index - 1] == 0xBF && bytes[index - 2] == 0xEF:
                throw .unwritable
            default: output.append(byte)
            }
        }
    }

    /// Whether a document can have a text: XML 1.0 has no control characters but tab, line feed and carriage return, and
    /// neither U+FFFE nor U+FFFF.
    package static func canHold(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            case 0x09, 0x0A, 0x0D, 0x20...0xFFFD, 0x1_0000...0x10_FFFF: true
            default: false
            }
        }
    }

    /// Whether a document can have a text that may be a secret: it is looked at where it is, and false if it isn't UTF-8.
    package static func canHold(_ utf8: Span<UInt8>) -> Bool {
        // Where it is wrong doesn't matter.
        guard (try? UTF8Span(validating: utf8)) != nil else { return false }
        var last: UInt32 = 0
        for index in utf8.indices {
            last = (last << 8 | UInt32(utf8[index])) & 0xFF_FFFF
            switch last & 0xFF {
            case 0x09, 0x0A, 0x0D: continue
            case ..<0x20: return false
            // U+FFFE and U+FFFF.
            default: if last == 0xEF_BFBE || last == 0xEF_BFBF { return false }
            }
        }
        return true
    }

    private static let declaration = #"<?xml version="1.0" encoding="utf-8"?>"# + "\n"
}
