// SPDX-License-Identifier: Apache-2.0

extension ApprovalBroker {
    /// A vault was opened, or the keyring if it is nil: nobody has to be asked about that any more.
    package func opened(_ vault: String?) {
        openings += 1
        change { $0.opened(vault, now: $1) }
    }

    /// Asks to have something unlocked, and waits for the answer.
    ///
    /// It takes a while to find out who asks. What was opened meanwhile is not asked for: its allow may be used up
    /// already, and nobody would take such a question back.
    ///
    /// - Parameters:
    ///   - request: The question.
    ///   - isLocked: Whether there is anything to unlock.
    /// - Returns: What the person, or what is remembered, says, or `.opened` where it is open already, or was
    ///   opened meanwhile.
    package func ask(_ request: ApprovalRequest, while isLocked: @Sendable () async -> Bool) async -> Answer {
        while true {
            let seen = openings
            guard await isLocked() else { return .opened }
            // Whoever opens something says so here: if nobody has since the look, the question is put in time.
            if seen == openings { return await ask(request) }
        }
    }
}
