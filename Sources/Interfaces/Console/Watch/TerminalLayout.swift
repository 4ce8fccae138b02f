// SPDX-License-Identifier: Apache-2.0

import DisplayText
import Foundation
import Linux

/// How text is laid out on a terminal: wrapped between words, and bold where that is wanted and possible.
struct TerminalLayout: Equatable, Sendable {
    /// How many columns there are; nil for as many as needed.
    var columns: Int?
    /// How many lines there are; nil for as many as needed.
    var rows: Int?
    /// Whether anything may be written in bold.
    var isStyled: Bool

    /// The page of this process's output.
    ///
    /// `NO_COLOR` (any value but an empty one) and a dumb terminal get plain text, as https://no-color.org wants it.
    static func ofOutput(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> TerminalLayout {
        let isUnwanted = environment["NO_COLOR", default: ""] != ""
        return TerminalLayout(
            columns: StandardStream.output.size?.columns,
            rows: StandardStream.output.size?.rows,
            isStyled: outputTakesSequences(environment: environment) && !isUnwanted
        )
    }

    /// Whether this process's output is a terminal that understands escape sequences, wanted to be seen or not.
    static func outputTakesSequences(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> Bool {
        StandardStream.output.isTerminal && !["", "dumb"].contains(environment["TERM", default: ""])
    }

    /// The text as it is written: lines that are too long continue below, indented by two columns.
    ///
    /// No line is broken at a no-break space, which comes out as a plain one: not every terminal has it.
    func set(_ text: String) -> String {
        lines(text).joined(separator: "\n")
    }

    /// A request with its keys, in parts where a window is too small for all of it.
    ///
    /// - Parameters:
    ///   - part: Which part; after the last one comes the first again.
    ///   - title: Its title, in bold where possible; it is in the first part, and stays in sight there.
    ///   - body: Its lines, the weightiest first.
    ///   - warnings: Those of them, or parts of them, that are to be read before it is allowed.
    ///   - keys: What can be pressed.
    /// - Returns: The part.
    func page(
        _ part: Int = 0,
        title: String,
        body: [String],
        warnings: [String] = [],
        keys: WatchKeys
    ) -> WatchPage {
        let heading = lines(title)
        let paragraphs = body.map { lines("  " + $0) }
        let all = paragraphs.flatMap(\.self)
        let (long, short) = (lines(keys.line), lines(keys.short))
        // The cursor's line counts, too.
        guard let rows, heading.count + all.count + long.count > rows - 1 else {
            return WatchPage(text: joined(heading, all + long))
        }
        let ends = ends(of: all.count, heading: heading.count, keys: short.count, rows: rows)
        let index = part % (ends.count + 1)
        guard index < ends.count else { return WatchPage(text: joined([], long), isFirst: false) }
        let end = ends[index]
        var ended = 0
        var unread: [String] = []
        for (line, wrapped) in zip(body, paragraphs) {
            ended += wrapped.count
            if ended > end { unread.append(line) }
        }
        let hidden = warnings.count { warning in unread.contains { $0.contains(warning) } }
        let what = hidden > 0 ? Amount.of(hidden, "more warning") : "more"
        let room = rows - 1 - heading.count - short.count
        let rest = end < all.count && (index > 0 || room > 0) ? ["  … \(what): press ?"] : []
        let shown = all[(index > 0 ? ends[index - 1] : 0)..<end]
        return WatchPage(
            text: joined(index == 0 ? heading : [], shown + rest + short),
            isFirst: index == 0,
            hiddenWarnings: hidden
        )
    }

    /// Before which of a body's lines each part ends.
    private func ends(of count: Int, heading: Int, keys: Int, rows: Int) -> [Int] {
        func end(from start: Int, room: Int, atLeast least: Int) -> Int {
            count - start <= room ? count : start + max(room - 1, least)
        }
        let room = rows - 1 - keys
        var ends = [end(from: 0, room: room - heading, atLeast: 0)]
        while let last = ends.last, last < count { ends.append(end(from: last, room: room, atLeast: 1)) }
        return ends
    }

    private func joined(_ heading: [String], _ rest: [String]) -> String {
        let heading = isStyled ? heading.map { "\u{1B}[1m\($0)\u{1B}[0m" } : heading
        return (heading + rest).joined(separator: "\n")
    }

    private func lines(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .flatMap { wrapped(String($0)) }
            .map { $0.replacing("\u{A0}", with: " ") }
    }

    private func wrapped(_ line: String) -> [String] {
        // Narrower than this nothing can be read anyway.
        guard let columns, columns >= 16, line.width(in: .monospaced) > columns else { return [line] }
        return LineWrapping(columns: columns, in: .monospaced, hangingIndent: 2).lines(line)
    }
}

/// A part of a request as it stands on a terminal.
struct WatchPage: Equatable {
    let text: String
    /// Whether the request begins here.
    var isFirst = true
    /// How many of its warnings have been neither in this part nor before it.
    var hiddenWarnings = 0
}
