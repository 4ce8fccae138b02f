// SPDX-License-Identifier: Apache-2.0

import DisplayText
import Linux

/// Lines on a terminal, the last of which may be one that is being typed.
struct WatchScreen {
    /// How many columns of the last line are taken by what is being typed.
    private var typed = 0

    /// Writes one or more whole lines, below what is being typed.
    mutating func line(_ text: String) {
        if typed > 0 { StandardStream.output.write("\n") }
        typed = 0
        Output.line(text)
    }

    /// Replaces what was shown of what is being typed; shows its end if it is too long.
    mutating func rewrite(_ text: String) {
        let columns = TerminalLayout.ofOutput().columns ?? .max
        var shown = text
        while shown.width(in: .monospaced) >= columns, !shown.isEmpty { shown.removeFirst() }
        let width = shown.width(in: .monospaced)
        // By blanks rather than an escape sequence, which not every terminal has.
        let blanks = String(repeating: " ", count: max(typed - width, 0))
        let back = String(repeating: "\u{8}", count: blanks.count)
        StandardStream.output.write("\r" + shown + blanks + back)
        typed = width
    }
}
