// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernel

/// How text is set on a terminal: wrapped between words, and bold where that is wanted and can be.
struct TerminalPage: Equatable, Sendable {
    /// How many columns there are; nil for as many as it takes.
    var columns: Int?
    /// Whether escape sequences may be written.
    var isStyled: Bool

    /// The page of this process's output.
    ///
    /// `NO_COLOR` (any value but an empty one) and a dumb terminal get plain text, as https://no-color.org wants it.
    static func ofOutput(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> TerminalPage {
        let isUnwanted = environment["NO_COLOR", default: ""] != ""
        let isPlain = isUnwanted || ["", "dumb"].contains(environment["TERM", default: ""])
        return TerminalPage(
            columns: StandardStream.output.columns,
            isStyled: StandardStream.output.isTerminal && !isPlain
        )
    }

    /// The text as it is written: lines that are too long go on below, two columns further in.
    ///
    /// No line is ended at a no-break space, which comes out as a plain one: not every terminal has it.
    func set(_ text: String, isBold: Bool = false) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            .flatMap { wrapped(String($0)) }
            .map { $0.replacing("\u{A0}", with: " ") }
        guard isBold, isStyled else { return lines.joined(separator: "\n") }
        return lines.map { "\u{1B}[1m\($0)\u{1B}[0m" }.joined(separator: "\n")
    }

    private func wrapped(_ line: String) -> [String] {
        // Narrower than this nothing can be read anyway.
        guard let columns, columns >= 16, line.count > columns else { return [line] }
        let margin = String(line.prefix { $0 == " " })
        var lines = [""]
        var current = margin
        var isEmpty = true
        for word in line.split(separator: " ") {
            var word = word
            if !isEmpty, current.count + 1 + word.count > columns {
                lines.append(current)
                current = margin + "  "
                isEmpty = true
            }
            if !isEmpty { current += " " }
            // A word that is longer than a line, such as a path, is cut.
            while current.count + word.count > columns {
                let room = columns - current.count
                lines.append(current + word.prefix(room))
                word = word.dropFirst(room)
                current = margin + "  "
            }
            current += word
            isEmpty = false
        }
        lines.append(current)
        return Array(lines.dropFirst())
    }
}
