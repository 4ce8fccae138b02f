// SPDX-License-Identifier: Apache-2.0

import Callers

extension ApprovalQueue {
    /// Somebody answers; the first answer counts.
    ///
    /// - Returns: What to do, and what the answer was good for.
    /// - Throws: An error that the answerer gets; the request then goes on waiting.
    mutating func answer(
        code: String,
        _ decision: Decision,
        _ choices: Choices,
        through surface: Surface,
        now: Instant
    ) throws(AnswerError) -> (actions: [ApprovalAction], effect: AnswerEffect) {
        dropStale(now: now)
        let normal = RequestCode.normalized(code)
        guard let index = indexOfShown(normal) else {
            try endQuiet(of: normal, decision, through: surface, now: now)
            return ([], .endedQuiet)
        }
        guard mayAnswer(waiting[index], decision, through: surface) else { throw .notAllowed }
        let settled = try ChoiceRules.settle(choices, decision, for: waiting[index].request)
        switch decision {
        case .allow where limits.confirmedKinds.contains(waiting[index].request.kind):
            return (try beginConfirming(index, settled, through: surface, now: now), .needsConfirmation)
        case .allow: return (allow(waiting[index], settled, by: surface, now: now), .decided)
        case .deny: return (deny(waiting[index], settled, by: surface, now: now), .decided)
        }
    }

    /// Whether an answer counts: one by somebody other than the askers, and a denial on any terminal apart from theirs,
    /// so that no asker can prevent one by handing its connection to whatever runs the person's terminals.
    private func mayAnswer(
        _ request: WaitingRequest,
        _ decision: Decision,
        through surface: Surface
    ) -> Bool {
        let callers = request.allCallers
        let hasHeld = surface.answerer.map { request.hasHeld($0) } ?? false
        if !hasHeld, Self.mayAnswer(through: surface, callers) { return true }
        guard case .terminal(let answerer) = surface, decision == .deny else { return false }
        return AnswerRule.isInSessionApart(answerer, from: callers)
    }

    /// Whether the answerer is someone other than the askers; otherwise the call gets NotAllowed.
    ///
    /// The notifier always is: only the notification server can press its buttons. Where no asking process could
    /// be found, our own terminal commands may answer too, unless they belong to one that has had the connection.
    static func mayAnswer(through surface: Surface, _ callers: [Caller]) -> Bool {
        switch surface {
        case .notifier, .dismissal:
            true
        case .terminal(let answerer):
            callers.allSatisfy { caller in
                caller.isKnown
                    ? AnswerRule.mayAnswer(answerer, of: caller) : AnswerRule.isApart(answerer, from: caller)
            }
        case .bus(let answerer):
            callers.allSatisfy { $0.isKnown && AnswerRule.mayAnswer(answerer, of: $0) }
        }
    }

    mutating func allow(
        _ request: WaitingRequest,
        _ choices: Choices,
        by surface: Surface,
        now: Instant
    ) -> [ApprovalAction] {
        let memory = RememberedAllow(
            code: request.code,
            request: request.request,
            questions: request.questions,
            choices: choices,
            until: now + limits.retry
        )
        memories.append(memory)
        if let hold = UnlockHold(memory, users: request.askers.count, limits, now: now) { holds.append(hold) }
        return end(.allowed, answer: .allowed(choices, code: request.code), by: surface, now: now) {
            $0.code == request.code
        }
    }

    mutating func deny(
        _ request: WaitingRequest,
        _ choices: Choices,
        by surface: Surface,
        now: Instant
    ) -> [ApprovalAction] {
        var actions = close(.denied, answer: .denied(choices), by: surface, now: now) {
            $0.code == request.code
        }
        if request.request.kind == .overwrite {
            forgetAttempt(request.questions)
        }
        // A dismissal may have been meant for the notification alone.
        guard surface != .dismissal else { return actions + giveTurns(now: now) }
        for key in request.quietKeys {
            quiets[key] = Quiet(until: now + limits.quiet, code: request.code)
        }
        if let seconds = choices.muteSeconds {
            let muted = Set(request.mutedCallers.flatMap { MutedProgram.all(of: $0) })
            for program in muted {
                mutes[program] = Quiet(until: now + .seconds(Int64(seconds)), code: request.code)
            }
            // Whoever mutes a program doesn't want to answer its other questions one by one.
            func isMuted(_ other: WaitingRequest) -> Bool {
                muted.contains { $0.covers(other.request.caller) }
            }
            countUnseen(waiting.count { !$0.hasTurn && isMuted($0) }, for: request.code)
            actions += close(.denied, answer: .denied(Choices()), by: surface, now: now, where: isMuted)
        }
        return actions + giveTurns(now: now)
    }

    /// Ends the requests that match, and shows those that have a place now.
    mutating func end(
        _ outcome: Outcome,
        answer: Answer? = nil,
        by surface: Surface? = nil,
        now: Instant,
        where isMeant: (WaitingRequest) -> Bool
    ) -> [ApprovalAction] {
        close(outcome, answer: answer, by: surface, now: now, where: isMeant) + giveTurns(now: now)
    }

    /// Ends the requests that match: their askers get the answer, everybody else hears that they are gone.
    mutating func close(
        _ outcome: Outcome,
        answer: Answer? = nil,
        by surface: Surface? = nil,
        now: Instant,
        where isMeant: (WaitingRequest) -> Bool
    ) -> [ApprovalAction] {
        let leaving = waiting.filter(isMeant)
        waiting.removeAll(where: isMeant)
        return leaving.flatMap { request in
            count(outcome, of: request)
            // Nobody knows the code of one that never had its turn: there is nothing to remember.
            if request.hasTurn {
                keep(
                    EndedRequest(
                        code: request.code,
                        request: request.request.ended(outcome, limits),
                        callers: outcome == .denied ? request.allCallers.map(\.brief) : [],
                        outcome: outcome,
                        deadline: request.deadline ?? now,
                        at: now,
                        surface: surface?.brief,
                        choices: answer?.choices,
                        isAbandoned: outcome == .allowed && request.isAbandoned
                    )
                )
            }
            // The asker is told what to do about it, so it matters whether anybody could have answered.
            let missed: Answer = mayHaveBeenSeen(request) ? .expired : .unseen
            let told = answer ?? (outcome == .expired ? missed : .withdrawn)
            // One that was held for the locked screen ends as unheard as it was, unless somebody who listed it has answered.
            let isHeard = request.isAnnounced || (request.hasTurn && outcome.isAnswer)
            let ended: [ApprovalAction] =
                request.hasTurn ? [.ended(code: request.code, isHeard: isHeard)] : []
            return request.askers.map { .answer($0.id, $0.id == request.firstAsker ? told : told.forOthers) }
                + ended
        }
    }

    /// The answer to a request that has just ended is being kept from now on, if there is something to keep of it, or it
    /// was meant for longer, or it mutes.
    ///
    /// - Returns: The request; nil if it hasn't ended.
    mutating func beginKeeping(_ code: String, hasWork: Bool) -> EndedRequest? {
        guard let index = ended.lastIndex(where: { $0.code == code }) else { return nil }
        let isMeantForLonger = ended[index].choices.map { $0.scope != .once || $0.muteSeconds != nil }
        ended[index].isBeingKept = hasWork || isMeantForLonger ?? false
        return ended[index]
    }

    /// An answer is kept, or could not be for as long as it was meant.
    ///
    /// - Parameters:
    ///   - request: The request as it was when it ended: by now it may have made room for others.
    ///   - outcome: What came of that.
    /// - Returns: The request with how long its answer holds.
    mutating func endKeeping(_ request: EndedRequest, _ outcome: KeepingOutcome) -> EndedRequest {
        guard let index = ended.lastIndex(where: { $0.code == request.code && $0.at == request.at }) else {
            var request = request
            request.endKeeping(outcome)
            return request
        }
        ended[index].endKeeping(outcome)
        return ended[index]
    }

    /// What a request was allowed for could not be carried out.
    ///
    /// - Returns: The request; nil if that is known already, or nobody has allowed it.
    mutating func failed(_ code: String, _ why: String) -> EndedRequest? {
        guard let index = ended.lastIndex(where: { $0.code == code }), ended[index].outcome == .allowed,
            ended[index].failure == nil
        else { return nil }
        ended[index].failure = why
        return ended[index]
    }
}
