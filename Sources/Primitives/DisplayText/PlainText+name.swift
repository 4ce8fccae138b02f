// SPDX-License-Identifier: Apache-2.0

extension PlainText {
    /// The name of a program, a path, a sandbox, an Id: cleaned and cut; plain if it is a plain word, else in quotes.
    ///
    /// Whoever makes a file chooses its name, which may be a whole sentence.
    package static func name(_ text: String, limit: Int = fieldLimit) -> String {
        let shown = field(text, limit: limit)
        return !shown.isEmpty && shown.utf8.allSatisfy(isPlain) ? shown : quoted(text, limit: limit)
    }

    /// Letters, digits and what stands in the names of files of every distribution.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "/._-+@".utf8.contains(byte)
        }
    }
}
