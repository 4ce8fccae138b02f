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
    ///   - title: Its title, in bold where possible; all of it is to be read before it is allowed.
    ///   - body: Its lines, the weightiest first.
    ///   - warnings: Those of them, or parts of them, that are to be read before it is allowed.
    ///   - keys: What can be pressed.
    /// - Returns: The part.
    func page(
        _ part: Int = 0,
        title: String,
        body: [String],
        warnings: [String] = [],
        keys: KeyLegend
    ) -> WatchPage {
        let heading = lines(title)
        let paragraphs = body.map { lines("  " + $0) }
        let all = heading.map(emphasized) + paragraphs.flatMap(\.self)
        let (long, short) = (lines(keys.line), lines(keys.short))
        guard let height, all.count + long.count > height else {
            return WatchPage(text: (all + long).joined(separator: "\n"))
        }
        // What asks goes before what can be pressed.
        let footer = short.count < height ? short : []
        let room = height - footer.count
        let ends = ends(of: all.count, room: room)
        let index = part % (ends.count + 1)
        guard index < ends.count else {
            return WatchPage(text: long.joined(separator: "\n"), isFirst: false)
        }
        let end = ends[index]
        var ended = heading.count
        var unread: [String] = []
        for (line, wrapped) in zip(body, paragraphs) {
            ended += wrapped.count
            if ended > end { unread.append(line) }
        }
        let hidden = warnings.count { warning in unread.contains { $0.contains(warning) } }
        let what = hidden > 0 ? Amount.of(hidden, "more warning") : "more"
        let rest = end < all.count && room > 1 ? ["  … \(what): press ?"] : []
        let shown = all[(index > 0 ? ends[index - 1] : 0)..<end]
        return WatchPage(
            text: (shown + rest + footer).joined(separator: "\n"),
            isFirst: index == 0,
            isTitleHidden: end < heading.count,
            hiddenWarnings: hidden
        )
    }

    /// The first of some texts that say the same, the longest first, that the window has room for; else the last.
    func fitting(_ texts: [String]) -> String {
        let laidOut = texts.map(lines)
        let fitting = laidOut.first { lines in height.map { lines.count <= $0 } ?? true }
        return (fitting ?? laidOut.last ?? []).joined(separator: "\n")
    }

    /// How many lines stay in sight above the cursor's; nil for as many as needed.
    private var height: Int? { rows.map { max($0 - 1, 1) } }

    /// Before which of some lines each part ends: one of them is left for what says that there are more, if there is
    /// room for both.
    private func ends(of count: Int, room: Int) -> [Int] {
        var ends: [Int] = []
        repeat {
            let start = ends.last ?? 0
            ends.append(count - start <= room ? count : start + max(room - 1, 1))
        } while ends.last.map { $0 < count } ?? false
        return ends
    }

    private func emphasized(_ line: String) -> String {
        isStyled ? "\u{1B}[1m\(line)\u{1B}[0m" : line
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
    /// Whether some of its title has been neither in this part nor before it.
    var isTitleHidden = false
    /// How many of its warnings have been neither in this part nor before it.
    var hiddenWarnings = 0

    /// Whether what is to be read before it is allowed has been on the screen.
    var isRead: Bool { hiddenWarnings == 0 && !isTitleHidden }
}
