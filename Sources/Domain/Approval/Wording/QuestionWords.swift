// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// A question's text, before it is known how much of it there is room for.
package struct QuestionWords: Sendable, Hashable {
    /// The title where it leads a text that has room for what it quotes.
    package let roomyTitle: String
    /// The same where what it quotes is short.
    package let leadingTitle: String
    /// The same where just a few short lines are drawn.
    package let briefTitle: String
    /// The same where nothing else has room beside it.
    package let terseTitle: String
    /// What stands below it.
    package let lines: BodyLines

    /// - Parameters:
    ///   - request: What is asked.
    ///   - limits: How much is named.
    ///   - unconfirmed: Why an allow wasn't confirmed.
    ///   - shown: How it was shown by an earlier daemon, where nothing else is known of it.
    ///   - hosts: How hosts are written.
    init(
        _ request: ApprovalRequest,
        _ limits: ApprovalLimits,
        unconfirmed: ConfirmationError?,
        _ shown: StoredQuestionText?,
        hosts: HostForm = .readable
    ) {
        var request = request
        request.hostForm = hosts
        func title(_ room: TitleRoom) -> String { shown?.title ?? Wording.title(request, in: room) }
        (roomyTitle, leadingTitle) = (title(.roomy), title(.leading))
        (briefTitle, terseTitle) = (title(.brief), title(.terse))
        lines = shown?.lines ?? Wording.lines(request, limits, unconfirmed: unconfirmed)
    }
}
