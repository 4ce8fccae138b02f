// SPDX-License-Identifier: Apache-2.0

import Callers

/// Who waits for an answer: a number that the broker gives out.
typealias AskerID = UInt64

/// What the broker is to do after an event.
enum ApprovalAction: Sendable, Equatable {
    /// Give an asker its answer.
    case answer(AskerID, Answer)
    /// Tell everybody of a new request.
    case added(code: String)
    /// The built-in notifier is to show a request.
    case notifierShows(code: String)
    /// A request that the built-in notifier shows has been asked again: it comes back if it was clicked away.
    case notifierShowsAgain(code: String)
    /// The built-in notifier is to take it away.
    case notifierHides(code: String)
    /// A request that had its turn has ended: for the record, and for everybody who has heard of it, if anybody has.
    case ended(code: String, isHeard: Bool)
    /// The person is to confirm an allow.
    case confirm(code: String)
    /// The list of agents has changed.
    case agentsChanged
    /// From now on an agent shows the requests instead of the notifier.
    case agentTookOver(AgentInfo)
}

/// The queue of questions, with every rule about it.
///
/// It is a value: each method takes an event and the time and returns what is to be done. Nothing in it waits,
/// looks at a clock or talks to anybody. `alarm` says when `tick` wants to be called, `watched` which
/// processes' ends it wants to hear of; both are to be read after each event.
struct ApprovalQueue: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// For what begins from now on: a deadline that runs stays as it is.
    var limits: ApprovalLimits
    let makeCode: @Sendable () -> String

    /// Requests that wait, in the order in which they came: those that are shown and those that wait for their turn.
    var waiting: [WaitingRequest] = []
    var displayOrder = DisplayOrder()
    /// Requests that have ended, in the order in which they did.
    var ended: [EndedRequest] = []
    /// The codes of those that have ended not long ago, remembered or not.
    var restingCodes = RestingCodes()
    /// Allows that answer the same question again.
    var memories: [RememberedAllow] = []
    /// Unlocks that were allowed and are being carried out.
    var holds: [UnlockHold] = []
    /// What is denied unseen.
    var quiets: [QuietKey: Quiet] = [:]
    /// Programs that are denied unseen, whatever they ask.
    var mutes: [MutedProgram: Quiet] = [:]
    var agents: [Agent] = []
    var isScreenLocked = false
    var isShutDown = false

    init(
        limits: ApprovalLimits = ApprovalLimits(),
        makeCode: @escaping @Sendable () -> String = { RequestCode.random() }
    ) {
        self.limits = limits
        self.makeCode = makeCode
    }

    /// When `tick` is due; nil while nothing has a deadline.
    var alarm: Instant? {
        // An unlock that hangs holds up those behind it only for a while.
        let held = holds.filter { hold in waiting.contains { $0.isBehind(hold) } }.map(\.until)
        let retellings = isScreenLocked ? [] : waiting.compactMap(\.retellingDue)
        return (waiting.flatMap { [$0.deadline, $0.agentGrace].compactMap(\.self) } + retellings + held).min()
    }

    /// The processes whose end matters next, at most one for each request.
    var watched: Set<ProcessIdentity> { Set(waiting.compactMap(\.living.watched)) }

    // MARK: Asking

    /// Somebody asks what others of the program ask already; a question that has ended meanwhile isn't asked again.
    mutating func join(_ request: ApprovalRequest, by asker: AskerID, now: Instant) -> [ApprovalAction] {
        guard isAsked(request, now: now) else { return [.answer(asker, .withdrawn)] }
        let question = QuestionKey(request)
        return ask(request, by: asker, orGivenBy: runningHold(for: question, now: now)?.allow, now: now)
    }

    private func runningHold(for question: QuestionKey, now: Instant) -> UnlockHold? {
        holds.first { $0.until > now && $0.allow.answers(question) }
    }

    /// Whether others of the same program wait for this answer, or have been given it and not used it up.
    func isAsked(_ request: ApprovalRequest, now: Instant) -> Bool {
        let question = QuestionKey(request)
        return memories.contains { $0.until > now && $0.answers(question) }
            || runningHold(for: question, now: now) != nil
            || waiting.contains { other in
                other.isJoined(by: question, of: request.caller)
                    && other.questions.contains { $0.program == question.program }
            }
    }

    /// Somebody asks: answered at once, or waits with the others who ask the same, or starts a new request.
    ///
    /// - Parameters:
    ///   - request: The question.
    ///   - asker: Who waits for the answer.
    ///   - running: An allow that is being carried out, and answers this asker though it is no longer remembered.
    ///   - now: The time.
    /// - Returns: What to do.
    mutating func ask(
        _ request: ApprovalRequest,
        by asker: AskerID,
        orGivenBy running: RememberedAllow? = nil,
        now: Instant
    ) -> [ApprovalAction] {
        // An asker that left before it could be identified won't come for an answer.
        guard !isShutDown, !request.caller.hasLeft else { return [.answer(asker, .withdrawn)] }
        dropStale(now: now)
        let question = QuestionKey(request)
        if countIfQuiet(request, now: now) {
            if question.kind == .overwrite { forgetAttempt([question]) }
            return [.answer(asker, .quiet)]
        }
        if let memory = memories.first(where: { $0.answers(question) }) ?? running {
            if let index = holds.firstIndex(where: { $0.code == memory.code }) { holds[index].users += 1 }
            return [.answer(asker, .allowed(memory.choices.forOthers, code: memory.code))]
        }
        if let index = waiting.firstIndex(where: { $0.isJoined(by: question, of: request.caller) }) {
            guard waiting[index].join(asker, request, limit: limits.joined) else {
                return [.answer(asker, .tooMany)]
            }
            return showAgain(index, now: now) + giveTurns(now: now)
        }
        let actions = supersede(question, now: now)
        guard isRoom(for: request.caller) else {
            return actions + giveTurns(now: now) + [.answer(asker, .tooMany)]
        }
        var new = WaitingRequest(code: freshCode(), request: request, asker: asker, now: now)
        if isScreenLocked { new.deadline = now + limits.screenHold }
        waiting.append(new)
        return actions + giveTurns(now: now)
    }

    /// A second look at the connection of somebody who asked a request has found these at it.
    mutating func alsoAsked(_ code: String, by caller: Caller) {
        guard let index = waiting.firstIndex(where: { $0.code == code }) else { return }
        waiting[index].alsoAsked(by: caller)
    }

    /// Whether anybody is left at the connections of those who have asked this.
    ///
    /// What is carried out at the moment of the allow needs nobody to take its answer.
    mutating func noteListeners(of request: WaitingRequest, areGone: Bool) {
        guard let index = waiting.firstIndex(where: { $0.code == request.code }),
            // Whoever has joined since wasn't looked at.
            waiting[index].callers.count == request.callers.count
        else { return }
        waiting[index].isAbandoned =
            areGone && [.associate, .overwrite, .release].contains(request.request.kind)
    }

    /// An asker no longer listens; its request goes on, for the decision outlives the connection.
    mutating func leave(_ asker: AskerID) {
        for index in waiting.indices {
            waiting[index].removeAskers { $0.id == asker }
        }
    }

    /// A new attempt of a program to associate, with another key, makes the one that waits void.
    ///
    /// Programs that can't be named are never taken for one another. Any program can claim an extension's Origin, but by
    /// that it takes back no more than its own questions: the executable counts as well.
    private mutating func supersede(_ question: QuestionKey, now: Instant) -> [ApprovalAction] {
        guard question.kind == .associate, question.program.isKnown else { return [] }
        return close(.withdrawn, now: now) { other in
            (other.request.kind == .associate || other.request.kind == .overwrite)
                && other.request.caller.program == question.program
        }
    }

    /// A code that neither waits nor has rested for less than its hour.
    private func freshCode() -> String {
        // 810 000 codes against what can end within an hour: a handful of draws is plenty.
        for _ in 0..<64 {
            let code = makeCode()
            if !restingCodes.contains(code), !waiting.contains(where: { $0.code == code }),
                !ended.contains(where: { $0.code == code })
            {
                return code
            }
        }
        return longestRested()
    }

    /// Should a flood ever use codes up: the one that has rested longest, made by the same generator.
    private func longestRested() -> String {
        restingCodes.longest(butFor: Set(waiting.map(\.code)).union(countingCodes)) ?? makeCode()
    }
}
