// SPDX-License-Identifier: Apache-2.0

import SecureMemory

/// Writes JSON in ASCII alone, since one client reads its answers as ASCII; members are in the order of writing.
package struct JSONText {
    /// What is written so far.
    package private(set) var bytes: [UInt8] = []

    /// Nothing is written yet; there is room for as much as a short text has.
    package init() { bytes.reserveCapacity(512) }

    /// Writes an object; `members` calls `member` for each.
    package mutating func object<E: Error>(_ members: (inout JSONText) throws(E) -> Void) throws(E) {
        bytes.append(UInt8(ascii: "{"))
        try members(&self)
        bytes.append(UInt8(ascii: "}"))
    }

    /// Writes an array, each element by `write`.
    package mutating func array<Element, E: Error>(
        _ elements: [Element],
        write: (inout JSONText, Element) throws(E) -> Void
    ) throws(E) {
        bytes.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            try write(&self, element)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Writes a member's key; its value must follow.
    package mutating func key(_ name: String) {
        if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
        string(name)
        bytes.append(UInt8(ascii: ":"))
    }

    /// Writes a text member, or nothing where there is no text.
    package mutating func member(_ name: String, _ text: String?) {
        guard let text else { return }
        key(name)
        string(text)
    }

    /// Writes bytes as a text member in base64, which needs no escapes.
    package mutating func member(_ name: String, base64 contents: [UInt8]) {
        key(name)
        bytes.append(UInt8(ascii: "\""))
        Base64.append(contents, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    package mutating func member(_ name: String, _ claim: Bool) {
        key(name)
        bytes.append(contentsOf: (claim ? "true" : "false").utf8)
    }

    package mutating func member(_ name: String, _ number: Int) {
        key(name)
        bytes.append(contentsOf: String(number).utf8)
    }

    package mutating func null() {
        bytes.append(contentsOf: "null".utf8)
    }

    package mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        defer { bytes.append(UInt8(ascii: "\"")) }
        if Self.isPlain(text.utf8.span) { return bytes.append(contentsOf: text.utf8) }
        for unit in text.utf16 {
            switch unit {
            case 0x22, 0x5C:
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(UInt8(truncatingIfNeeded: unit))
            case 0x20..<0x7F:
                bytes.append(UInt8(truncatingIfNeeded: unit))
            default:
                bytes.append(contentsOf: "\\u".utf8)
                for shift in [12, 8, 4, 0] {
                    bytes.append(Self.hexDigits[Int(unit >> UInt16(shift)) & 15])
                }
            }
        }
    }

    /// Whether a text stands in JSON as it is.
    private static func isPlain(_ text: Span<UInt8>) -> Bool {
        for index in text.indices {
            let byte = text[index]
            guard byte >= 0x20, byte < 0x7F, byte != 0x22, byte != 0x5C else { return false }
        }
        return true
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)
}
