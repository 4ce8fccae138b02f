// SPDX-License-Identifier: Apache-2.0

/// An allow that waits for the person's confirmation.
struct Confirming: Sendable {
    let choices: Choices
    let surface: Surface
}

// Any program of the session can call Answer; a window that only a person can answer (pinentry's CONFIRM) proves that
// one is there. Which kinds need that is the person's choice: `[approval] confirm_kinds`.
extension ApprovalQueue {
    /// An allow of a kind that has to be confirmed: has the person asked, while nobody else shows the request.
    ///
    /// - Throws: `invalidAnswer` if it is being confirmed already.
    mutating func beginConfirming(
        _ index: Int,
        _ choices: Choices,
        through surface: Surface,
        now: Instant
    ) throws(AnswerError) -> [ApprovalAction] {
        guard waiting[index].confirming == nil else {
            throw .invalidAnswer("it is being confirmed: answer the window that asks")
        }
        waiting[index].confirming = Confirming(choices: choices, surface: surface)
        waiting[index].confirmationTrouble = nil
        return settle(index, now: now) + [.confirm(code: waiting[index].code)]
    }

    /// What came of the confirmation; without effect if the request has ended meanwhile.
    ///
    /// - Parameters:
    ///   - code: The request.
    ///   - verdict: The person's word, or why there isn't one: then the request goes on waiting, and is announced once
    ///     more to whoever may have taken it away since it was allowed, as soon as the screen isn't locked.
    ///   - now: The time.
    /// - Returns: What to do.
    mutating func confirmed(
        _ code: String,
        _ verdict: Result<Bool, ConfirmationError>,
        now: Instant
    ) -> [ApprovalAction] {
        dropStale(now: now)
        guard let index = waiting.firstIndex(where: { $0.code == code }),
            let confirming = waiting[index].confirming
        else { return [] }
        waiting[index].confirming = nil
        var denial = Choices()
        denial.wasUnconfirmed = true
        switch verdict {
        case .success(true):
            return allow(waiting[index], confirming.choices, by: confirming.surface, now: now)
        case .success(false):
            return deny(waiting[index], denial, by: confirming.surface, now: now)
        case .failure(let error):
            waiting[index].confirmationTrouble = error
            waiting[index].retellingDue = now
            return settle(index, now: now) + retellIfDue(index, now: now)
        }
    }
}
