// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// How much text a notification server is certain to draw, with its own font and theme.
struct TextRoom: Sendable, Equatable {
    /// This many lines of this many columns each.
    struct Grid: Sendable, Equatable {
        let lines: Int
        let columns: Int

        var wrapping: LineWrapping { LineWrapping(columns: columns, in: .proportional) }
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

    /// Whether all of a title is drawn.
    func draws(title: String) -> Bool {
        guard let grid = self.title else { return true }
        guard breaksWords || grid.wrapping.fitsWords(of: title) else { return false }
        return grid.wrapping.lines(title).count <= grid.lines
    }

    /// Whether all of a body is drawn under a title.
    func draws(_ lines: [String], under title: String) -> Bool {
        guard let grid = body else { return true }
        let body = lines.joined(separator: "\n")
        // In the form that the server gets: a page chooses how long its host is.
        let text = breaksWords ? body : grid.wrapping.breakingWords(body)
        let taken = isShared ? grid.wrapping.lines(title).count : 0
        return taken + grid.wrapping.lines(text).count + padding <= grid.lines
            && paragraph.map { grid.wrapping.longestParagraph(text) <= $0 } ?? true
    }

    /// A body as the server is to get it.
    func drawable(_ body: String) -> String {
        guard let grid = self.body else { return body }
        // Only the end of a domain's name is this long.
        let text = breaksWords ? body : grid.wrapping.breakingWords(body)
        // Not quite empty, since empty lines may be left out.
        return text + String(repeating: "\n\u{A0}", count: padding)
    }
}
