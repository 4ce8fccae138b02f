// SPDX-License-Identifier: Apache-2.0

import Approval
import DisplayText

/// A question's title and lines, as far as there is room for them.
///
/// What is asked, where, the warnings, whether passwords go out, and the code are never left to be cut off by the
/// server. If there isn't room for the whole text it is said in fewer words, and the text ends with where the rest is.
/// Where there isn't room even for all warnings, the weightiest are named and the others counted, or a name loses
/// letters: then it can't be allowed for good there.
struct QuestionText: Sendable, Equatable {
    /// What is said in addition to the question itself.
    struct Extras: Sendable {
        /// The command that answers it, where no button can be relied upon.
        var way: String?
        /// That it is shown again, and how often.
        var again: String?
        /// Why it is shown again, where that has to be said.
        var note: String?
        /// How many others wait.
        var others: String?
    }

    let title: String
    let lines: [String]
    /// Whether everything is said that should make the person think twice, and no name has lost letters for want of
    /// height.
    let hasAllWarnings: Bool

    init(title: String, lines: [String], hasAllWarnings: Bool = true) {
        (self.title, self.lines, self.hasAllWarnings) = (title, lines, hasAllWarnings)
    }

    init(_ request: PendingRequest, in room: TextRoom, _ extras: Extras) {
        self = QuestionDrafts(request, in: room, extras).best
    }

    /// The same with further lines below.
    func adding(_ further: [String]) -> QuestionText {
        QuestionText(title: title, lines: lines + further, hasAllWarnings: hasAllWarnings)
    }

    /// The same with some of the warnings just counted.
    var lackingWarnings: QuestionText { QuestionText(title: title, lines: lines, hasAllWarnings: false) }

    /// The same without what is drawn higher than other letters, where that would push something out of sight.
    ///
    /// Two names that differ in such letters alone look the same then, which is as good as a warning left out.
    var withoutTallLetters: QuestionText {
        func shortened(_ text: String) -> String {
            text.reduce(into: "") { shown, letter in
                if String(letter).heightInLines == 1 {
                    shown.append(letter)
                } else if shown.last != "…" {
                    shown.append("…")
                }
            }
        }
        let (low, lowLines) = (shortened(title), lines.map(shortened))
        return QuestionText(
            title: low,
            lines: lowLines,
            hasAllWarnings: hasAllWarnings && low == title && lowLines == lines
        )
    }
}
