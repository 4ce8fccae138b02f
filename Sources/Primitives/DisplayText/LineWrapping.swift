// SPDX-License-Identifier: Apache-2.0

/// Breaks text into lines as a notification server does: at blanks, and by how wide letters are drawn at most.
package enum LineWrapping {
    /// How many lines a text takes, its own line breaks among them.
    package static func count(_ text: String, columns: Int) -> Int {
        paragraphs(text).reduce(0) { $0 + lines(of: $1, columns: columns) }
    }

    /// How many lines the longest paragraph of a text takes.
    package static func longest(_ text: String, columns: Int) -> Int {
        paragraphs(text).map { lines(of: $0, columns: columns) }.max() ?? 0
    }

    /// The width of a text's widest word, which a line may not be wide enough for.
    package static func widestWord(_ text: String) -> Int {
        paragraphs(text).flatMap { $0.split(separator: " ") }.map(\.drawnWidth).max() ?? 0
    }

    /// A text with the words that no line is wide enough for broken.
    package static func breakingWords(_ text: String, columns: Int) -> String {
        var broken = ""
        var width = 0
        for character in text {
            if character == " " || character == "\n" {
                width = 0
            } else {
                if width + character.drawnWidth > columns {
                    broken += "\n"
                    width = 0
                }
                width += character.drawnWidth
            }
            broken.append(character)
        }
        return broken
    }

    private static func paragraphs(_ text: String) -> [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    private static func lines(of paragraph: Substring, columns: Int) -> Int {
        var lines = 1
        var width = 0
        for word in paragraph.split(separator: " ") {
            let wanted = word.drawnWidth
            if width > 0, width + 1 + wanted > columns {
                lines += 1
                width = 0
            }
            width += width > 0 ? 1 : 0
            guard wanted > columns else {
                width += wanted
                continue
            }
            // A word that is wider than a line continues in the next one at the letter for which there is no room.
            for character in word {
                if width > 0, width + character.drawnWidth > columns {
                    lines += 1
                    width = 0
                }
                width += character.drawnWidth
            }
        }
        return lines
    }
}
