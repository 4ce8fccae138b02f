// SPDX-License-Identifier: Apache-2.0

package import Callers

extension ApprovalQueue {
    /// Whether anything that this program asks is denied unseen.
    func isMuted(_ caller: Caller, now: Instant) -> Bool {
        mute(of: caller, now: now) != nil
    }

    /// Counts a request of a muted program towards the denial that muted it; false if it isn't muted.
    mutating func countIfMuted(_ caller: Caller, now: Instant) -> Bool {
        guard let mute = mute(of: caller, now: now) else { return false }
        countUnseen(1, for: mute.code)
        return true
    }

    /// How a question would be refused without being shown: denied unseen, or one too many; nil if it would not be.
    mutating func refusal(of request: ApprovalRequest, now: Instant) -> Answer? {
        dropStale(now: now)
        let question = QuestionKey(request)
        if countIfQuiet(request, now: now) { return .quiet }
        let isKnown =
            memories.contains { $0.answers(question) }
            || waiting.contains { $0.isJoined(by: question, of: request.caller) }
        return isKnown || isRoom(for: request.caller) ? nil : .tooMany
    }
}

extension ApprovalBroker {
    /// Whether any program is muted, so that it is worth finding out who asks.
    package var hasMutes: Bool {
        let now = clock.now
        return queue.mutes.values.contains { $0.until > now }
    }

    /// Whether anything that this program asks is denied unseen.
    package func isMuted(_ caller: Caller) -> Bool {
        queue.isMuted(caller, now: clock.now)
    }

    /// The same, and if so, a request is counted as denied.
    package func countIfMuted(_ caller: Caller) -> Bool {
        queue.countIfMuted(caller, now: clock.now)
    }

    /// Whether one more question of a program could be shown, or wait for its turn.
    package func hasRoom(for caller: Caller) -> Bool {
        queue.isRoom(for: caller)
    }

    /// How a question would be refused without being shown; nil if it would be shown, or answered from memory.
    ///
    /// For what has to be known before anything is looked at. It counts as asked where it is denied unseen.
    package func refusal(of request: ApprovalRequest) -> Answer? {
        queue.refusal(of: request, now: clock.now) ?? (isRoom(for: request.caller) ? nil : .tooMany)
    }
}
