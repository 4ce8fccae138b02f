// SPDX-License-Identifier: Apache-2.0

extension PlainText {
    /// A value in a line of the log: cleaned, cut, and in quotes that it can't close; `\"` and `\\` stand for a quote
    /// and a backslash.
    package static func logValue(_ text: String) -> String {
        let text = line(text, limit: 1000)
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) else {
            return "\"" + text + "\""
        }
        var value = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { value += "\\" }
            value.unicodeScalars.append(scalar)
        }
        return value + "\""
    }
}
