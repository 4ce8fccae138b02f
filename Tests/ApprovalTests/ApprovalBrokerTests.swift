// SPDX-License-Identifier: Apache-2.0

import Callers
import Synchronization
import Testing

@testable import Approval

@Suite struct ApprovalBrokerTests {
    /// A watch of processes that end when the test says so.
    final class Processes: Sendable {
        private let ends = Mutex<[ProcessIdentity: @Sendable () -> Void]>([:])

        var watch: ProcessWatches.Watch {
            { process, end in
                self.ends.withLock { $0[process] = end }
                return process
            }
        }

        func end(_ process: ProcessIdentity) {
            ends.withLock { $0[process] }?()
        }
    }

    let processes = Processes()

    private func open(_ change: (inout ApprovalLimits) -> Void = { _ in }) -> ApprovalBroker {
        var limits = ApprovalLimits()
        change(&limits)
        return ApprovalBroker(limits: limits, watchProcess: processes.watch)
    }

    /// The code of the next request that is told of.
    private func nextCode(_ events: inout AsyncStream<ApprovalEvent>.Iterator) async -> String? {
        while let event = await events.next(isolation: #isolation) {
            if case .added(let request) = event { return request.code }
        }
        return nil
    }

    @Test func `an asker waits until somebody answers`() async throws {
        let broker = open()
        var events = broker.events().makeAsyncIterator()
        async let answer = broker.ask(.release())
        let code = try #require(await nextCode(&events))
        #expect(await broker.pending().map(\.code) == [code])
        try await broker.answer(code: code, decision: .allow, through: .bus(.stranger))
        #expect(await answer == .allowed(Choices(id: "firefox"), code: code))
        #expect(await broker.pending().isEmpty)
        #expect(await broker.recent().map(\.outcome) == [.allowed])
    }

    @Test func `every listener hears of a request and of its end`() async throws {
        let broker = open()
        let streams = [broker.events(), broker.events()].enumerated()
        let answer = Task { await broker.ask(.save()) }
        for (number, stream) in streams {
            var events = stream.makeAsyncIterator()
            let code = try #require(await nextCode(&events))
            guard case .notifierShows(let shown) = await events.next() else {
                Issue.record("the notifier wasn't told")
                return
            }
            #expect(shown.code == code)
            if number == 0 { try await broker.answer(code: code, decision: .deny, through: .notifier) }
            guard case .ended(let ended, isHeard: true)? = await events.next() else {
                Issue.record("its end wasn't told")
                return
            }
            #expect(ended.request.code == code && ended.outcome == .denied)
        }
        #expect(await answer.value == .denied(Choices()))
    }

    @Test func `an answer behind a locked screen is told, and how many wait`() async throws {
        let broker = open()
        await broker.screenLocked(true)
        var events = broker.events().makeAsyncIterator()
        var counts = broker.pendingCounts().makeAsyncIterator()
        async let answer = broker.ask(.release())
        #expect(await counts.next() == 1)
        let code = try #require(await broker.pending().first?.code)
        try await broker.answer(code: code, decision: .deny, through: .terminal(.stranger))
        #expect(await answer == .denied(Choices()))
        #expect(await counts.next() == 0)
        guard case .ended(let ended, isHeard: true)? = await events.next() else {
            Issue.record("it isn't told")
            return
        }
        #expect(ended.request.code == code && ended.outcome == .denied && ended.answeredBy != nil)
    }

    @Test func `what ends unheard behind a locked screen is kept in the record`() async throws {
        let broker = open { $0.screenHold = .milliseconds(20) }
        await broker.screenLocked(true)
        var events = broker.events().makeAsyncIterator()
        #expect(await broker.ask(.release()) == .unseen)
        guard case .ended(let ended, isHeard: false)? = await events.next() else {
            Issue.record("it was told of, or there is nothing to keep a record of")
            return
        }
        #expect(ended.outcome == .expired)
    }

    /// What is told of the request until its answer is kept, or isn't.
    private func end(
        _ events: inout AsyncStream<ApprovalEvent>.AsyncIterator
    ) async -> RecentRequest? {
        while let event = await events.next(isolation: #isolation) {
            switch event {
            case .ended(let request, _), .kept(let request): return request
            default: continue
            }
        }
        return nil
    }

    @Test(arguments: [false, true], [ApprovalLimits().endedCount, 1])
    func `an end is told at once, and how long the answer holds once that is known`(
        isConfirmed: Bool,
        remembered: Int
    ) async throws {
        var limits = ApprovalLimits()
        limits.confirmedKinds = isConfirmed ? [.release] : []
        limits.endedCount = remembered
        let broker = ApprovalBroker(
            limits: limits,
            watchProcess: processes.watch,
            confirmation: { _ throws(ConfirmationError) in true }
        )
        var events = broker.events().makeAsyncIterator()
        var request = ApprovalRequest.release()
        request.alwaysOffered = true
        let (isKept, keep) = AsyncStream.makeStream(of: Void.self)
        let asked = Task { [request] in
            await broker.ask(request) { _ in
                {
                    for await _ in isKept {}
                    return "There is no room."
                }
            }
        }
        let code = try #require(await nextCode(&events))
        let answer = Task {
            try await broker.answer(
                code: code,
                decision: .allow,
                choices: Choices(scope: .always),
                through: .notifier
            )
        }
        let ended = try #require(await end(&events))
        #expect(ended.request.code == code && ended.outcome == .allowed && ended.scope == .always)
        #expect(ended.isBeingKept && ended.keepTrouble == nil)
        // By then another may have taken its place among what has ended.
        let other = Task { await broker.ask(.save()) }
        let second = try #require(await nextCode(&events))
        try await broker.answer(code: second, decision: .allow, through: .notifier)
        #expect(await end(&events)?.isBeingKept == false)
        keep.finish()
        let kept = try #require(await end(&events))
        let trouble = "It is not kept for good, and holds for this session at most. There is no room."
        #expect(kept.request.code == code && kept.keepTrouble == trouble)
        #expect(kept.scope == .session && !kept.isBeingKept)
        #expect(try await answer.value == (isConfirmed ? .needsConfirmation : .notKept(trouble)))
        _ = await (asked.value, other.value)
    }

    @Test func `an answer that is kept is told of, too`() async throws {
        let broker = open()
        var events = broker.events().makeAsyncIterator()
        var request = ApprovalRequest.release()
        request.alwaysOffered = true
        let asked = Task { [request] in await broker.ask(request) }
        let code = try #require(await nextCode(&events))
        let effect = try await broker.answer(
            code: code,
            decision: .allow,
            choices: Choices(scope: .always),
            through: .notifier
        )
        #expect(effect == .decided)
        #expect(await end(&events)?.isBeingKept == true)
        let kept = try #require(await end(&events))
        #expect(kept.keepTrouble == nil && kept.scope == .always && !kept.isBeingKept)
        #expect(await broker.recent().map(\.isBeingKept) == [false])
        _ = await asked.value
    }

    @Test func `what ends unheard takes the window along that confirms it`() async throws {
        let (windows, window) = AsyncStream<Bool>.makeStream()
        var limits = ApprovalLimits()
        limits.confirmedKinds = [.release]
        limits.confirmationStart = .milliseconds(20)
        let broker = ApprovalBroker(
            limits: limits,
            watchProcess: processes.watch,
            confirmation: { _ throws(ConfirmationError) in
                window.yield(true)
                let (answers, answer) = AsyncStream<Never>.makeStream()
                for await _ in answers {}
                withExtendedLifetime(answer) {}
                window.yield(false)
                throw ConfirmationError("Nobody is there.")
            }
        )
        var isOpen = windows.makeAsyncIterator()
        await broker.screenLocked(true)
        var counts = broker.pendingCounts().makeAsyncIterator()
        async let answer = broker.ask(.release())
        #expect(await counts.next() == 1)
        let code = try #require(await broker.pending().first?.code)
        try await broker.answer(code: code, decision: .allow, through: .terminal(.stranger))
        #expect(await isOpen.next() == true)
        await broker.withdraw(.everything)
        #expect(await answer == .withdrawn)
        #expect(await isOpen.next() == false)
    }

    @Test
    func `an allow that nobody can be asked to confirm is an error that says why, and can be tried again`()
        async throws
    {
        var limits = ApprovalLimits()
        limits.confirmedKinds = [.release]
        let isBroken = Mutex(true)
        let broker = ApprovalBroker(
            limits: limits,
            watchProcess: processes.watch,
            confirmation: { _ throws(ConfirmationError) in
                guard isBroken.withLock({ $0 }) else { return true }
                throw ConfirmationError("Install a pinentry.")
            }
        )
        var events = broker.events().makeAsyncIterator()
        async let answer = broker.ask(.release())
        let code = try #require(await nextCode(&events))
        for surface in [Surface.bus(.stranger), .terminal(.stranger), .notifier] {
            await #expect(throws: AnswerError.unconfirmed(ConfirmationError("Install a pinentry."))) {
                try await broker.answer(code: code, decision: .allow, through: surface)
            }
        }
        // Told of once more, for whoever has taken it away.
        #expect(await nextCode(&events) == code)
        let waiting = try #require(await broker.pending().first)
        #expect(waiting.confirmationTrouble == "Install a pinentry.")
        #expect(waiting.body.contains("pinentry could not ask you"))
        isBroken.withLock { $0 = false }
        try await broker.answer(code: code, decision: .allow, through: .bus(.stranger))
        guard case .allowed = await answer else {
            Issue.record("not allowed")
            return
        }
    }

    @Test func `a request expires by the alarm`() async {
        let broker = open { $0.timeout = .milliseconds(20) }
        #expect(await broker.ask(.release()) == .unseen)
    }

    @Test func `a request is withdrawn when its process ends`() async throws {
        let broker = open()
        var events = broker.events().makeAsyncIterator()
        async let answer = broker.ask(.release(.named("git", 77)))
        _ = try #require(await nextCode(&events))
        // The event is sent before the broker is done with it: its next turn finds the watch in place.
        _ = await broker.pending()
        processes.end(ProcessIdentity(77))
        #expect(await answer == .withdrawn)
    }

    @Test func `a process that had ended before it was watched withdraws its request`() async {
        let broker = ApprovalBroker(watchProcess: { _, _ in nil })
        #expect(await broker.ask(.release()) == .withdrawn)
    }

    @Test func `an asker that is cancelled leaves at once and its request goes on`() async throws {
        let broker = open()
        var events = broker.events().makeAsyncIterator()
        let asker = Task { await broker.ask(.release()) }
        let code = try #require(await nextCode(&events))
        asker.cancel()
        #expect(await asker.value == .withdrawn)
        try await broker.answer(code: code, decision: .allow, through: .notifier)
        #expect(await broker.ask(.release()) == .allowed(Choices(id: "firefox"), code: code))
    }

    @Test func `the notifier is told when an exclusive agent doesn't confirm in time`() async throws {
        let broker = open { $0.agentGrace = .milliseconds(20) }
        try await broker.register(agent: "panel", peer: ":1.9", isExclusive: true, by: .stranger)
        var events = broker.events().makeAsyncIterator()
        async let answer = broker.ask(.release())
        let code = try #require(await nextCode(&events))
        guard case .notifierShows(let shown) = await events.next() else {
            Issue.record("the notifier wasn't told")
            return
        }
        #expect(shown.code == code)
        await broker.shutDown()
        #expect(await answer == .withdrawn)
    }

    @Test func `shut down answers every waiter and ends the events`() async throws {
        let broker = open()
        var events = broker.events().makeAsyncIterator()
        async let first = broker.ask(.release())
        let code = try #require(await nextCode(&events))
        await broker.shutDown()
        #expect(await first == .withdrawn)
        #expect(await broker.ask(.save()) == .withdrawn)
        var outcomes: [Outcome] = []
        while let event = await events.next() {
            guard case .ended(let ended, isHeard: true) = event else { continue }
            outcomes.append(ended.outcome)
            #expect(ended.request.code == code && ended.answeredBy == nil)
        }
        #expect(outcomes == [.withdrawn])
    }

    @Test func `what is being kept when the daemon stops is told of before the events end`() async throws {
        let broker = open()
        var events = broker.events().makeAsyncIterator()
        var request = ApprovalRequest.release()
        request.alwaysOffered = true
        let (isKept, keep) = AsyncStream.makeStream(of: Void.self)
        let asked = Task { [request] in
            await broker.ask(request) { _ in
                {
                    for await _ in isKept {}
                    return "The keyring is locked."
                }
            }
        }
        let code = try #require(await nextCode(&events))
        let answer = Task {
            try await broker.answer(
                code: code,
                decision: .allow,
                choices: Choices(scope: .always),
                through: .notifier
            )
        }
        #expect(await end(&events)?.isBeingKept == true)
        let stop = Task { await broker.shutDown() }
        while await !broker.queue.isShutDown { await Task.yield() }
        keep.finish()
        let kept = try #require(await end(&events))
        #expect(kept.scope == .session)
        #expect(kept.keepTrouble?.contains("The keyring is locked.") == true)
        await stop.value
        #expect(await events.next() == nil)
        _ = try await (asked.value, answer.value)
    }

    @Test func `what is allowed for always when nobody is left to keep it for holds once, and that is told`()
        async throws
    {
        let broker = open()
        var events = broker.events().makeAsyncIterator()
        var request = ApprovalRequest.release()
        request.alwaysOffered = true
        let asked = Task { [request] in await broker.ask(request) }
        let code = try #require(await nextCode(&events))
        asked.cancel()
        _ = await asked.value
        let effect = try await broker.answer(
            code: code,
            decision: .allow,
            choices: Choices(scope: .always),
            through: .notifier
        )
        guard case .notKept(let trouble) = effect else {
            Issue.record("it is taken for kept")
            return
        }
        #expect(trouble.contains("given up"))
        #expect(await end(&events)?.isBeingKept == true)
        let kept = try #require(await end(&events))
        #expect(kept.keepTrouble == trouble && kept.scope != .always)
        #expect(await broker.recent().first?.keepTrouble == trouble)
    }

    @Test func `a deadline stands two minutes after the asking, by the calendar`() async throws {
        let broker = open()
        var events = broker.events().makeAsyncIterator()
        async let answer = broker.ask(.release())
        _ = try #require(await nextCode(&events))
        let request = try #require(await broker.pending().first)
        #expect(request.deadline - request.created == 120)
        #expect(request.created > 1_700_000_000)
        await broker.shutDown()
        _ = await answer
    }

    @Test func `entries beyond the first twenty are fetched`() async throws {
        let broker = open()
        var events = broker.events().makeAsyncIterator()
        async let answer = broker.ask(.release(entries: (1...30).map { "E\($0)" }))
        let code = try #require(await nextCode(&events))
        #expect(
            try await broker.entries(of: code.lowercased(), from: 20).map(\.uuid)
                == (21...30).map { "E\($0)" }
        )
        #expect(try await broker.entries(of: code, from: 99).isEmpty)
        await #expect(throws: AnswerError.unknownRequest) { try await broker.entries(of: "ZZZZ", from: 0) }
        await broker.shutDown()
        _ = await answer
    }
}
