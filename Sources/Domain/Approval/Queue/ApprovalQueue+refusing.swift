// SPDX-License-Identifier: Apache-2.0

package import Callers

extension ApprovalQueue {
    /// Whether anything that this program asks is denied unseen; counted with the denial that began it, unless this was
    /// asked about before.
    mutating func isMuted(_ caller: Caller, counting: Bool = true, now: Instant) -> Bool {
        dropStale(now: now)
        guard let mute = mute(of: caller) else { return false }
        if counting { countUnseen(1, for: mute.code) }
        return true
    }

    /// Whether one more question of a program could be shown, or wait for its turn.
    mutating func hasRoom(for caller: Caller, now: Instant) -> Bool {
        dropStale(now: now)
        return isRoom(for: caller)
    }

    /// How a question would be refused without being shown: denied unseen, or one too many; nil if it would not be.
    mutating func refusal(of request: ApprovalRequest, now: Instant) -> Answer? {
        dropStale(now: now)
        let question = QuestionKey(request)
        if isQuiet(request) { return .quiet }
        let isKnown =
            memories.contains { $0.answers(question) }
            || waiting.contains { $0.isJoined(by: question, of: request.caller) }
        return isKnown || isRoom(for: request.caller) ? nil : .tooMany
    }
}

extension ApprovalBroker {
    /// Whether any program is muted, so that it is worth finding out who asks.
    package var hasMutes: Bool { !queue.mutes.isEmpty }

    /// Whether anything that this program asks is denied unseen.
    package func isMuted(_ caller: Caller, counting: Bool = true) -> Bool {
        queue.isMuted(caller, counting: counting, now: clock.now)
    }

    /// Whether one more question of a program could be shown, or wait for its turn.
    package func hasRoom(for caller: Caller) -> Bool {
        queue.hasRoom(for: caller, now: clock.now)
    }

    /// How a question would be refused without being shown; nil if it would be shown, or answered from memory.
    ///
    /// For what is to be known before anything is looked at. It counts as asked where it is denied unseen.
    package func refusal(of request: ApprovalRequest) -> Answer? {
        queue.refusal(of: request, now: clock.now) ?? (isRoom(for: request.caller) ? nil : .tooMany)
    }
}
