// SPDX-License-Identifier: Apache-2.0

package import Callers
import DisplayText
import ConcurrencyTools

// For those who show requests and answer them: the bus service, the notifier, and what watches the session.
extension ApprovalBroker {
    /// Takes an answer; the first one counts.
    ///
    /// What is meant for always is stored before this returns, if that doesn't take too long. What has to be confirmed
    /// is being asked about then, as far as that shows within a moment.
    ///
    /// - Returns: What it was good for.
    /// - Throws: Why it wasn't taken; the request goes on waiting.
    @discardableResult
    package func answer(
        code: String,
        decision: Decision,
        choices: Choices = Choices(),
        through surface: Surface
    ) async throws(AnswerError) -> AnswerEffect {
        if surface.answerer != nil || decision == .allow {
            let isClear = await lookAgain(at: code)
            // It isn't known whether the answerer is one of the askers; a denial would do no harm even then.
            guard isClear || decision == .deny || surface.answerer == nil else { throw .unclearAsker }
        }
        let (actions, effect) = try queue.answer(
            code: code,
            decision,
            choices,
            through: surface,
            now: clock.now
        )
        let keeping = carryOut(actions)
        if effect == .needsConfirmation { try await beginConfirming(code) }
        return await keeping?.value.map { .notKept($0) } ?? effect
    }

    /// Returns once the person is being asked to confirm an allow, as far as anybody can tell.
    ///
    /// - Throws: `unconfirmed` where the window failed before long; what fails later is told as `added`.
    private func beginConfirming(_ code: String) async throws(AnswerError) {
        guard let confirmation = RequestCode.normalized(code).flatMap({ confirmations[$0] }) else { return }
        switch await timed(limits.confirmationStart, { await confirmation.value }) {
        case .done(let error?): throw .unconfirmed(error)
        case .done(nil): return
        // The window is there, and the person takes their time.
        case .late: return
        // Whoever answered has gone; the question goes on.
        case .cancelled: return
        }
    }

    /// Finds out who has got hold of the askers' connections since they asked, for none of those may answer either.
    ///
    /// - Returns: Whether all of them could be looked at.
    private func lookAgain(at code: String) async -> Bool {
        let normal = RequestCode.normalized(code)
        guard let request = queue.waiting.first(where: { $0.code == normal }) else { return true }
        // One look for each connection, whatever has been asked over it, and all at once: one search serves them all.
        let callers = Dictionary(grouping: request.callers) { $0.socket }
            .compactMap { $0.key == nil ? nil : $0.value.first }
        guard !callers.isEmpty else { return true }
        let found = await withTaskGroup(of: CallerIdentification.Recheck.self) { group in
            for caller in callers { group.addTask { [lookAgain] in await lookAgain(caller) } }
            var found: [CallerIdentification.Recheck] = []
            for await look in group { found.append(look) }
            return found
        }
        var isClear = true
        var hasListener = false
        for look in found {
            switch look {
            case .found(let caller):
                queue.alsoAsked(request.code, by: caller)
                hasListener = true
            case .nobody: break
            case .unclear: isClear = false
            }
        }
        // Whether an asker that could never be identified has gone isn't known.
        let isAbandoned = isClear && !hasListener && callers.allSatisfy(\.isKnown)
        queue.noteListeners(of: request, areGone: isAbandoned)
        return isClear
    }

    /// All requests that wait for the person, those held for a locked screen among them, in the order in which they
    /// came.
    ///
    /// One that still waits for its turn isn't listed: it has no deadline yet, and can't be answered.
    package func pending() -> [PendingRequest] {
        queue.waiting.filter(\.hasTurn).map(pending)
    }

    /// How many requests wait for their turn.
    package var queuedCount: Int { queue.waiting.count { !$0.hasTurn } }

    /// The requests that the built-in notifier is to show now.
    package func pendingForNotifier() -> [PendingRequest] {
        queue.waiting.filter(\.isOnNotifier).map(pending)
    }

    /// Requests that have ended, the newest first.
    package func recent() -> [RecentRequest] {
        queue.recent(now: clock.now).map { recent($0, quiet: $1) }
    }

    func recent(_ ended: EndedRequest, quiet: QuietTimes) -> RecentRequest {
        let time = times[ended.code] ?? RequestTime(instant: clock.now, unix: CalendarTime.now)
        return RecentRequest(
            request: PendingRequest(
                code: ended.code,
                request: ended.request,
                created: time.unix(of: time.instant),
                deadline: time.unix(of: ended.deadline),
                limits: limits,
                shown: ended.shown
            ),
            outcome: ended.outcome,
            answeredBy: ended.surface.map(Wording.answerer),
            scope: ended.choices?.scope,
            leftOut: ended.choices?.leftOut ?? [],
            chosenCount: ended.chosenCount,
            ended: time.unix(of: ended.at),
            unseen: ended.unseen,
            quietUntil: quiet.quietUntil.map(time.unix),
            muteSeconds: ended.choices?.muteSeconds,
            mutedUntil: quiet.mutedUntil.map(time.unix),
            muted: quiet.muted,
            isAbandoned: ended.isAbandoned,
            keepTrouble: ended.keepTrouble,
            isBeingKept: ended.isBeingKept,
            failure: ended.failure,
            wasUnconfirmed: ended.choices?.wasUnconfirmed ?? false,
            wasAnsweredOnTerminal: ended.surface?.isTerminal ?? false
        )
    }

    /// Ends mutes, as the person's word.
    ///
    /// - Parameter name: A denied request's code, a program or script, or nothing for all that are muted.
    /// - Returns: The programs that are no longer muted; none if nothing of that name was.
    package func unmute(_ name: String) -> [String] {
        defer { tellMutes() }
        return queue.unmute(name, now: clock.now).map(\.shownName)
    }

    /// The entries of a waiting request from the given one on.
    ///
    /// - Throws: `unknownRequest` if it doesn't wait.
    package func entries(of code: String, from first: UInt32) throws(AnswerError) -> [EntryLine] {
        let normal = RequestCode.normalized(code)
        guard let index = queue.indexOfShown(normal) else { throw .unknownRequest }
        return queue.waiting[index].request.entries.dropFirst(Int(first)).map { entry in
            entry.mapTexts { PlainText.field($0) }
        }
    }

    /// What happens from now on, for any number of listeners; ends at `shutDown`.
    package nonisolated func events() -> AsyncStream<ApprovalEvent> {
        broadcast.listen()
    }

    /// How many requests `pending` has, each time that this number changes.
    package nonisolated func pendingCounts() -> AsyncStream<Int> {
        counts.listen()
    }

    // MARK: Agents

    /// The agents, in the order in which they came.
    package func agents() -> [AgentInfo] {
        queue.agents.map(\.info)
    }

    /// A program of the bus wants to show requests.
    ///
    /// - Throws: Why it can't be an agent.
    package func register(
        agent name: String,
        peer: String,
        isExclusive: Bool,
        by answerer: Answerer
    ) throws(AgentError) {
        let agent = Agent(peer: peer, name: name, isExclusive: isExclusive, answerer: answerer)
        carryOut(try queue.register(agent, now: clock.now))
    }

    /// An agent has gone; no effect if it wasn't one.
    package func unregister(peer: String) {
        change { $0.unregister(peer: peer, now: $1) }
    }

    /// An agent shows a request to the person.
    ///
    /// - Throws: `unknownRequest` if it doesn't wait, `notAllowed` if the caller isn't an agent.
    package func shown(code: String, by peer: String) throws(AnswerError) {
        carryOut(try queue.shown(code, by: peer, now: clock.now))
    }

    /// The built-in notifier has these on the screen, or had.
    package func notifierShowed(_ codes: Set<String>) {
        queue.notifierShowed(codes)
    }

    /// The built-in notifier shows again what had been clicked away, because it has been asked again, or has no server for
    /// it.
    package func shownAgain(_ code: String) {
        change { $0.shownAgain(code, now: $1) }
    }

    // MARK: The session

    /// The screen was locked or unlocked: while it is locked nothing is shown.
    package func screenLocked(_ isLocked: Bool) {
        change { $0.screen(isLocked: isLocked, now: $1) }
    }

    /// Whether nothing may be shown now.
    package var isScreenLocked: Bool { queue.isScreenLocked }

    /// Answers every waiter; whoever asks later is answered at once that Keybell is stopping.
    ///
    /// Returns once what is being kept has been, or has taken too long, and everybody has been told.
    package func shutDown() async {
        change { $0.shutDown(now: $1) }
        keepMutesAtEnd()
        for keeping in keepings.values { _ = await keeping.value }
        broadcast.finish()
        counts.finish()
    }
}
