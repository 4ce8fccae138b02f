// SPDX-License-Identifier: Apache-2.0

package import Callers
import ConcurrencyTools
import Linux

/// Runs the queue of questions: keeps the time, watches the asking processes and gives every asker its answer.
///
/// All rules are `ApprovalQueue`'s; this actor only carries out what it says.
package actor ApprovalBroker: MainLoopActor {
    /// Looks once more at who holds an asker's connection.
    package typealias Recheck = @Sendable (Caller) async -> CallerIdentification.Recheck

    /// Asks the person to confirm an allow in a window that no program can answer.
    package typealias Confirmation =
        @Sendable (ConfirmationQuestion) async throws(ConfirmationError) -> Bool

    /// Keeps what the person has decided for more than once.
    ///
    /// Called in the very moment of the answer; what it returns is carried out then, and says why it couldn't be kept as
    /// it was meant, if it couldn't.
    package typealias Keeping = @Sendable (Answer) -> @Sendable () async -> String?

    private(set) var limits: ApprovalLimits
    let clock = ContinuousClock()
    let confirmation: Confirmation
    let lookAgain: Recheck
    /// The confirmations under way; each ends with why it failed, if it did.
    var confirmations: [String: Task<ConfirmationError?, Never>] = [:]
    /// Answers that are being kept, by code; each ends within `limits.keeping`.
    private(set) var keepings: [String: Task<String?, Never>] = [:]
    var storedMutes: MuteChanges
    let areMutesKept: @Sendable (String?) async -> Bool
    let broadcast = Broadcast<ApprovalEvent>()
    /// How many requests wait for the person, whether anybody has been told of them or not.
    let counts = Broadcast<Int>(backlog: 1)
    private var lastCount = 0

    var queue: ApprovalQueue
    private var users = ClientUsers()
    /// How many times something has been opened.
    var openings: UInt64 = 0
    private var lastAsker: AskerID = 0
    private var askers: [AskerID: Asker] = [:]

    /// Somebody who waits for an answer.
    private struct Asker {
        let programs: ChargedPrograms
        let continuation: CheckedContinuation<Answer, Never>
        let keep: Keeping
    }

    private var alarm: (due: ApprovalQueue.Instant, alarm: Alarm)?
    private var watches: ProcessWatches
    /// When each request was made.
    var times = RequestTimes()

    /// Makes an empty queue.
    ///
    /// - Parameters:
    ///   - limits: Its times and counts.
    ///   - makeCode: Where codes come from.
    ///   - watchProcess: How the end of a process is noticed.
    ///   - lookAgain: Tells who else may have become an asker when an answer comes.
    ///   - confirmation: Asks about allows of the limits' `confirmedKinds`.
    ///   - keepMutes: Keeps the mutes for the next daemon, each time that they change, and with their counts at the
    ///     end; it must not block.
    ///   - areMutesKept: Whether what was last to be kept is, the mute of a code among it, if one is given.
    package init(
        limits: ApprovalLimits = ApprovalLimits(),
        makeCode: @escaping @Sendable () -> String = { RequestCode.random() },
        watchProcess: @escaping ProcessWatches.Watch = ProcessWatches.byDescriptor,
        lookAgain: @escaping Recheck = CallerIdentification.lookAgain,
        confirmation: @escaping Confirmation = { _ throws(ConfirmationError) in
            throw ConfirmationError("There is nothing to confirm it with.")
        },
        keepMutes: @escaping @Sendable ([StoredMute]) -> Void = { _ in },
        areMutesKept: @escaping @Sendable (String?) async -> Bool = { _ in true }
    ) {
        self.limits = limits
        watches = ProcessWatches(by: watchProcess)
        self.lookAgain = lookAgain
        self.confirmation = confirmation
        storedMutes = MuteChanges(by: keepMutes)
        self.areMutesKept = areMutesKept
        queue = ApprovalQueue(limits: limits, makeCode: makeCode)
    }

    /// Has other times and counts from now on; what waits goes on waiting until the deadline that was announced for it.
    package func apply(_ limits: ApprovalLimits) {
        self.limits = limits
        queue.limits = limits
    }

    // MARK: For operations

    /// Asks the person and waits for the answer.
    ///
    /// Cancelling the task means that nobody is listening any longer: this returns `.withdrawn` at once, and the
    /// request goes on. Several askers of one question get the same code: what an allow is to do once must be done by
    /// code, not by asker.
    ///
    /// - Parameters:
    ///   - request: The question.
    ///   - keep: Carried out before this returns with an answer that is to be kept; the answerer waits for it, too.
    ///   - asked: Called once the question is in the queue.
    /// - Returns: What the person, or what is remembered, says.
    package func ask(
        _ request: ApprovalRequest,
        keeping keep: @escaping Keeping = { _ in { nil } },
        onceAsked asked: @Sendable () -> Void = {}
    ) async -> Answer {
        await wait(as: request.caller, keeping: keep, onceAsked: asked) { $0.ask(request, by: $1, now: $2) }
    }

    /// Waits with the others of the program who ask the same, so that it is shown again and outlives who asked first;
    /// `.withdrawn` at once where nobody does.
    package func join(_ request: ApprovalRequest) async -> Answer {
        await wait(as: request.caller, keeping: { _ in { nil } }) { $0.join(request, by: $1, now: $2) }
    }

    /// Whether others of the same program wait for this answer, or have been given it and not used it up.
    package func isAsked(_ request: ApprovalRequest) -> Bool {
        queue.isAsked(request, now: clock.now)
    }

    private func wait(
        as caller: Caller,
        keeping keep: @escaping Keeping,
        onceAsked asked: @Sendable () -> Void = {},
        _ event: @escaping (inout ApprovalQueue, AskerID, ApprovalQueue.Instant) -> [ApprovalAction]
    ) async -> Answer {
        guard isRoom(for: caller) else { return .tooMany }
        lastAsker += 1
        let asker = lastAsker
        let programs = ChargedPrograms(of: caller)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                askers[asker] = Asker(programs: programs, continuation: continuation, keep: keep)
                change { event(&$0, asker, $1) }
                asked()
            }
        } onCancel: {
            Task(executorPreference: MainLoop.executor) { await self.leave(asker) }
        }
    }

    /// Whether one more of a program may wait for an answer: whoever waits keeps a connection.
    func isRoom(for caller: Caller) -> Bool {
        let programs = ChargedPrograms(of: caller)
        return askers.values.count { programs.isCharged(for: $0.programs) } < limits.askersPerProgram
    }

    /// A reply that carries the answer of this request has reached its client: the next such question is asked anew.
    package func delivered(_ code: String) {
        change { $0.delivered(code, now: $1) }
    }

    /// What the person has denied for longer than once was asked again, and denied unseen.
    package func count(_ denial: RememberedDenial) {
        queue.count(denial)
    }

    /// The person has forgotten what they had denied for longer than once, to be asked again.
    package func endQuiet(of denial: RememberedDenial) {
        queue.endQuiet(of: denial)
    }

    /// What the person allowed under this code could not be carried out, for this reason: they are told, once.
    package func failed(_ code: String, because why: String) {
        guard let ended = queue.failed(code, why) else { return }
        broadcast.send(.failed(recent(ended, quiet: QuietTimes())))
    }

    /// How long an allow answers the same question again.
    package var retryTime: Duration { limits.retry }

    /// Allows of what has changed, given but not yet collected, no longer hold.
    package func forget(_ matter: Invalidation) {
        change { $0.forget(matter, now: $1) }
    }

    /// Takes back waiting requests that have become void.
    package func withdraw(_ matter: Invalidation) {
        change { $0.withdraw(matter, now: $1) }
    }

    /// Ends all that has become void: allows that were given but not yet collected, and what waits.
    package func end(_ matter: Invalidation) {
        forget(matter)
        withdraw(matter)
    }

    /// Whether somebody may do what an asker may not: they neither belong to those who have a request waiting or were
    /// denied just now, nor run a program of theirs.
    package func isUninvolved(_ answerer: Answerer) -> Bool {
        queue.isUninvolved(answerer, now: clock.now)
    }

    /// Somebody was served under a client's Id.
    package func noteUse(of id: String, by caller: Caller) {
        users.note(caller, as: id)
    }

    /// Whether somebody has nothing to do with a client: neither with those that were served under its Id lately, by the rule
    /// of who may answer, nor with its program.
    package func isUninvolved(_ answerer: Answerer, in id: String, of program: String) -> Bool {
        let known = users.callers(of: id)
        return ApprovalQueue.areUninvolved(known, answerer)
            && !AnswerRule.runsProgram(program, answerer, apartFrom: known)
    }

    // MARK: Carrying out

    private func leave(_ asker: AskerID) {
        queue.leave(asker)
        askers.removeValue(forKey: asker)?.continuation.resume(returning: .withdrawn)
    }

    /// Gives an asker its answer, once that is kept where it is to be.
    ///
    /// - Returns: What ends when it is kept; nil where there is nothing to keep.
    private func give(_ answer: Answer, to asker: AskerID) -> Task<String?, Never>? {
        guard let waiting = askers.removeValue(forKey: asker) else { return nil }
        guard let choices = answer.choices, choices.scope != .once else {
            waiting.continuation.resume(returning: answer)
            return nil
        }
        let keep = waiting.keep(answer)
        return Task(executorPreference: MainLoop.executor) {
            let trouble = await keep()
            waiting.continuation.resume(returning: answer)
            return trouble
        }
    }

    func change(_ event: (inout ApprovalQueue, ApprovalQueue.Instant) -> [ApprovalAction]) {
        let actions = event(&queue, clock.now)
        carryOut(actions)
    }

    /// Does what the queue says.
    ///
    /// - Returns: What ends when the answer is kept, with why it isn't kept as it was meant; nil where there is nothing
    ///   to keep.
    @discardableResult
    func carryOut(_ actions: [ApprovalAction]) -> Task<String?, Never>? {
        var begun: Task<String?, Never>?
        var keeping: Task<String?, Never>?
        times.note(queue)
        for action in actions {
            switch action {
            case .answer(let asker, let answer):
                // Of those who asked one question only one has something to keep.
                begun = give(answer, to: asker) ?? begun
            case .added(let code):
                tell(code, ApprovalEvent.added)
            case .notifierShows(let code):
                tell(code, ApprovalEvent.notifierShows)
            case .notifierShowsAgain(let code):
                tell(code, ApprovalEvent.notifierShowsAgain)
            case .notifierHides(let code):
                broadcast.send(.notifierHides(code: code))
            case .ended(let code, let isHeard):
                confirmations.removeValue(forKey: code)?.cancel()
                keeping = tellEnd(of: code, isHeard: isHeard, keptBy: begun) ?? keeping
                begun = nil
            case .confirm(let code):
                confirm(code)
            case .agentsChanged:
                broadcast.send(.agentsChanged(agents()))
            case .agentTookOver(let agent):
                broadcast.send(.agentTookOver(agent))
            }
        }
        tellCount()
        tellMutes()
        setAlarm()
        watches.follow(queue.watched) { [weak self] process in
            Task(executorPreference: MainLoop.executor) { await self?.ended(process) }
        }
        return keeping
    }

    /// Tells of a request's end, and later, where its answer is being kept, what came of that.
    ///
    /// - Returns: What ends when the answer is kept or that takes too long, with why it isn't kept as it was meant.
    private func tellEnd(
        of code: String,
        isHeard: Bool,
        keptBy keeping: Task<String?, Never>?
    ) -> Task<String?, Never>? {
        guard let ended = queue.beginKeeping(code, hasWork: keeping != nil) else { return nil }
        broadcast.send(.ended(recent(ended, quiet: QuietTimes()), isHeard: isHeard))
        guard ended.isBeingKept else { return nil }
        let telling = Task(executorPreference: MainLoop.executor) { [limits, areMutesKept] in
            async let isMuteKept = ended.choices?.muteSeconds == nil ? true : areMutesKept(code)
            var outcome = KeepingOutcome()
            if let keeping {
                switch await timedDespiteCancellation(limits.keeping, { await keeping.value }) {
                case let trouble?: outcome.trouble = trouble
                case nil: outcome.isUndecided = true
                }
            } else if ended.choices.map({ $0.scope != .once }) ?? false {
                outcome.trouble = Self.nobodyIsLeft
            }
            outcome.isMuteLost = await !isMuteKept
            return await self.tellKept(ended, outcome)
        }
        keepings[code] = telling
        return telling
    }

    /// Why an answer that was meant for longer isn't kept.
    private static let nobodyIsLeft = "Whoever asked had given up by then."

    private func tellKept(_ ended: EndedRequest, _ outcome: KeepingOutcome) -> String? {
        keepings[ended.code] = nil
        let kept = queue.endKeeping(ended, outcome)
        broadcast.send(.kept(recent(kept, quiet: QuietTimes())))
        return kept.keepTrouble
    }

    func reading() -> ApprovalQueue.ClockReading {
        ApprovalQueue.ClockReading(instant: clock.now, unix: CalendarTime.now)
    }

    private func tellCount() {
        let count = queue.waiting.count(where: \.hasTurn)
        guard count != lastCount else { return }
        lastCount = count
        counts.send(count)
    }

    private func tell(_ code: String, _ event: (PendingRequest) -> ApprovalEvent) {
        guard let request = queue.waiting.first(where: { $0.code == code }) else { return }
        broadcast.send(event(pending(request)))
    }

    func pending(_ request: WaitingRequest) -> PendingRequest {
        let time = times[request.code] ?? RequestTime(instant: request.created, unix: CalendarTime.now)
        return PendingRequest(
            code: request.code,
            request: request.request,
            created: time.unix(of: request.created),
            deadline: time.unix(of: request.deadline ?? request.created),
            limits: limits,
            confirmationTrouble: request.confirmationTrouble
        )
    }

    /// One alarm for the next deadline, none while there is none.
    private func setAlarm() {
        let due = queue.alarm
        guard due != alarm?.due else { return }
        alarm?.alarm.cancel()
        alarm = due.map { due in
            let alarm = Alarm(after: due - clock.now) { [weak self] in
                Task(executorPreference: MainLoop.executor) { await self?.rang(due) }
            }
            return (due, alarm)
        }
    }

    private func rang(_ due: ApprovalQueue.Instant) {
        if alarm?.due == due { alarm = nil }
        change { $0.tick(now: $1) }
    }

    private func ended(_ process: ProcessIdentity) {
        watches.end(process)
        change { $0.processEnded(process, now: $1) }
    }
}
