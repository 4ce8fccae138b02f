// SPDX-License-Identifier: Apache-2.0

extension PlainText {
    /// A value in a line of the log: cleaned, cut, and in quotes that it can't close; `\"` and `\\` stand for a quote
    /// and a backslash.
    package static func logValue(_ text: String) -> String {
        var value = "\""
        for scalar in line(text, limit: 1000).unicodeScalars {
            if scalar == "\"" || scalar == "\\" { value += "\\" }
            value.unicodeScalars.append(scalar)
        }
        return value + "\""
    }
}
