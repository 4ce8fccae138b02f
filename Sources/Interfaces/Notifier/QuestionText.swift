// SPDX-License-Identifier: Apache-2.0

import Approval

/// A question's title and lines, as far as there is room for them.
///
/// What is asked, where, all warnings, whether passwords go out, and the code are never left to be cut off by the
/// server. If there isn't room for the whole text it is said in fewer words, and the text ends with where the rest is.
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

    init(title: String, lines: [String]) {
        (self.title, self.lines) = (title, lines)
    }

    init(_ request: PendingRequest, in room: TextRoom, _ extras: Extras) {
        self = QuestionDrafts(request, in: room, extras).best
    }

    /// The same with further lines below.
    func adding(_ further: [String]) -> QuestionText {
        QuestionText(title: title, lines: lines + further)
    }
}
