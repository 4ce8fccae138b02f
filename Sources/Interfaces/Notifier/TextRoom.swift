// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// How much text a notification server is certain to draw, with its own font and theme.
struct TextRoom: Sendable, Equatable {
    /// This many lines of this many columns each.
    struct Grid: Sendable, Equatable {
        let lines: Int
        let columns: Int
        var font = Font.proportional

        var wrapping: LineWrapping { LineWrapping(columns: columns, in: font) }
    }

    /// What of a title is drawn; nil for all.
    var title: Grid?
    /// What of a body is drawn; nil for all.
    var body: Grid?
    /// How many lines of one paragraph are drawn, where that is limited, too.
    var paragraph: Int?
    /// Whether the title takes up some of the body's lines.
    var isShared = false
    /// Whether a word that is too wide for a line continues in the next one.
    var breaksWords = true
    /// By how many lines it may misjudge the height: this many empty ones follow the body.
    var padding = 0
    /// What a body's height is measured against; nil where lines count, however high they are.
    var height: HeightLimit?

    /// Whether all of a title is drawn.
    func draws(title: String) -> Bool {
        guard let grid = self.title else { return true }
        guard breaksWords || grid.wrapping.fitsWords(of: title) else { return false }
        return grid.wrapping.lines(title).count <= grid.lines
    }

    /// Whether all of a body is drawn under a title.
    func draws(_ lines: [String], under title: String) -> Bool {
        guard let grid = body else { return true }
        // In the form that the server gets: a page chooses how long its host is.
        let text = broken(lines.joined(separator: "\n"), under: title, in: grid)
        let above = isShared ? [grid.wrapping.lines(title)] : []
        let paragraphs =
            above + text.split(separator: "\n", omittingEmptySubsequences: false).map(grid.wrapping.lines)
        guard paragraph.map({ grid.wrapping.longestParagraph(text) <= $0 }) ?? true else { return false }
        return height == nil
            ? paragraphs.joined().count + padding <= grid.lines
            : HeightLimit.draws(paragraphs, in: grid.lines)
    }

    /// A body as the server is to get it under a title.
    func drawable(_ body: String, under title: String) -> String {
        guard let grid = self.body else { return body }
        let text = broken(body, under: title, in: grid)
        let lines = hasTallLine(body, under: title) ? grid.wrapping.lines(text) : []
        let padding = padding + (height?.padding(below: lines) ?? 0)
        // Not quite empty, since empty lines may be left out.
        return text + String(repeating: "\n\u{A0}", count: padding)
    }

    /// A text with line breaks where the server would make none, or where it would cut the line before its own.
    private func broken(_ body: String, under title: String, in grid: Grid) -> String {
        // Only the end of a domain's name is this long.
        let text = breaksWords ? body : grid.wrapping.breakingWords(body)
        return hasTallLine(body, under: title) ? grid.wrapping.lines(text).joined(separator: "\n") : text
    }

    private func hasTallLine(_ body: String, under title: String) -> Bool {
        height != nil && (body.heightInLines > 1 || isShared && title.heightInLines > 1)
    }
}
