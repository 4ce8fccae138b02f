// SPDX-License-Identifier: Apache-2.0

extension PlainText {
    /// A text of Keybell's as it is to be drawn, where a name in it is written from right to left.
    ///
    /// Otherwise such a name turns its whole line: what stands behind it is drawn before it, and quotes face the wrong
    /// way. So each line begins from left to right, and each name stands by itself.
    package static func fromLeftToRight(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: \.isRightToLeft) else { return text }
        var quoted = false
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.allSatisfy(\.isWhitespace) ? String(line) : "\u{200E}" + isolated(line, &quoted)
        }
        return lines.joined(separator: "\n")
    }

    /// A line with each quoted text, and each word outside of quotes, by itself where it has such letters.
    private static func isolated(_ line: Substring, _ quoted: inout Bool) -> String {
        var shown = ""
        var part = String.UnicodeScalarView()
        func end() {
            shown += part.contains(where: \.isRightToLeft) ? "\u{2068}\(String(part))\u{2069}" : String(part)
            part.removeAll()
        }
        // By scalars: a mark behind a quote would make one character of both.
        for letter in line.unicodeScalars {
            guard letter == "“" || letter == "”" || letter == " " && !quoted else {
                part.append(letter)
                continue
            }
            end()
            shown.unicodeScalars.append(letter)
            if letter != " " { quoted = letter == "“" }
        }
        end()
        return shown
    }
}

extension Unicode.Scalar {
    /// Whether it belongs to a script that is written from right to left.
    fileprivate var isRightToLeft: Bool {
        switch value {
        case 0x590...0x8FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFF, 0x10800...0x10FFF, 0x1E800...0x1EFFF: true
        default: false
        }
    }
}
