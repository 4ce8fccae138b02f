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
    /// Whether escape sequences may be written.
    var isStyled: Bool

    /// The page of this process's output.
    ///
    /// `NO_COLOR` (any value but an empty one) and a dumb terminal get plain text, as https://no-color.org wants it.
    static func ofOutput(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> TerminalLayout {
        let isUnwanted = environment["NO_COLOR", default: ""] != ""
        let isPlain = isUnwanted || ["", "dumb"].contains(environment["TERM", default: ""])
        return TerminalLayout(
            columns: StandardStream.output.size?.columns,
            rows: StandardStream.output.size?.rows,
            isStyled: StandardStream.output.isTerminal && !isPlain
        )
    }

    /// The text as it is written: lines that are too long continue below, indented by two columns.
    ///
    /// No line is broken at a no-break space, which comes out as a plain one: not every terminal has it.
    func set(_ text: String) -> String {
        lines(text).joined(separator: "\n")
    }

    /// A request with its keys, cut so that its title and the first lines of its body stay in sight.
    ///
    /// - Parameters:
    ///   - title: Its title, in bold where possible.
    ///   - body: Its lines, the weightiest first.
    ///   - keys: What can be pressed.
    ///   - code: What `keybell requests` knows it by, for when there is more of it than fits.
    /// - Returns: All of it if it fits, else as much as does.
    func set(title: String, body: [String], keys: WatchKeys, code: String) -> String {
        let heading = lines(title)
        let body = body.flatMap { lines("  " + $0) }
        let all = heading.count + body.count + lines(keys.line).count
        // The cursor's line counts, too.
        guard let rows, all > rows - 1 else { return joined(heading, body + lines(keys.line)) }
        let short = lines(keys.short)
        let room = max(rows - 1 - heading.count - short.count, 0)
        guard body.count > room else { return joined(heading, body + short) }
        let cut = body.prefix(max(room - 1, 0))
        let rest = room > 0 ? ["  … more: keybell requests \(code)"] : []
        return joined(heading, cut + rest + short)
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
