// SPDX-License-Identifier: Apache-2.0

/// Breaks text into lines, as terminals and notification servers do: at blanks, and within words that are wider than a
/// line.
///
/// Several blanks in a row stay, since they set the columns of a table apart.
package struct LineWrapping: Sendable {
    private let columns: Int
    private let font: Font
    private let hangingIndent: Int?

    /// Describes lines.
    ///
    /// - Parameters:
    ///   - columns: How wide a line may be.
    ///   - font: What widths are counted in.
    ///   - hangingIndent: How much further in than its first line a paragraph continues; nil for at the edge.
    package init(columns: Int, in font: Font, hangingIndent: Int? = nil) {
        self.columns = columns
        self.font = font
        self.hangingIndent = hangingIndent
    }

    /// The lines of a text, its own line breaks among them.
    package func lines(_ text: some StringProtocol) -> [String] {
        paragraphs(text).flatMap { wrapped($0) }
    }

    /// How many lines the longest paragraph of a text takes.
    package func longestParagraph(_ text: String) -> Int {
        paragraphs(text).map { wrapped($0).count }.max() ?? 0
    }

    /// Whether no word is wider than a line.
    package func fitsWords(of text: String) -> Bool {
        paragraphs(text).allSatisfy { $0.split(separator: " ").allSatisfy { $0.width(in: font) <= columns } }
    }

    /// A text with the words that no line is wide enough for broken.
    package func breakingWords(_ text: String) -> String {
        var broken = ""
        var width = 0
        for character in text {
            if character == " " || character == "\n" {
                width = 0
            } else {
                if width + character.width(in: font) > columns {
                    broken += "\n"
                    width = 0
                }
                width += character.width(in: font)
            }
            broken.append(character)
        }
        return broken
    }

    private func paragraphs<Text: StringProtocol>(_ text: Text) -> [Text.SubSequence] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    private func wrapped(_ paragraph: some StringProtocol) -> [String] {
        let margin = String(paragraph.prefix { $0 == " " })
        let indent = hangingIndent.map { margin + String(repeating: " ", count: $0) } ?? ""
        var lines: [String] = []
        var current = margin
        var width = margin.count
        /// Whether there is nothing but the margin yet.
        var isEmpty = true
        func breakLine() {
            lines.append(current)
            (current, width, isEmpty) = (indent, indent.count, true)
        }
        var blanks = 0
        for word in paragraph.dropFirst(margin.count).split(separator: " ", omittingEmptySubsequences: false)
        {
            blanks += 1
            guard !word.isEmpty else { continue }
            if !isEmpty, width + blanks + word.width(in: font) > columns { breakLine() }
            if !isEmpty {
                current += String(repeating: " ", count: blanks)
                width += blanks
            }
            blanks = 0
            // A word that is wider than a line, such as a path, continues in the next one.
            for character in word {
                let wanted = character.width(in: font)
                if !isEmpty, width + wanted > columns { breakLine() }
                current.append(character)
                width += wanted
                isEmpty = false
            }
        }
        return lines + [current]
    }
}
