// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Linux

/// What `keybell watch` does with what comes in, one after the other.
///
/// It waits for nothing else: what is asked of the daemon comes back as an input, so that keys and signals count
/// however long that takes.
struct WatchLoop {
    private let bus: WatchBus
    private let queue: AsyncStream<WatchInput>.Continuation
    private var state = WatchState()
    private var reader = KeyReader()
    private var screen = WatchScreen()
    private var layout = TerminalLayout.ofOutput()
    private var typing: Alarm?
    private var lapsing: Alarm?
    private var resizing: Alarm?
    private var hasBegun = false
    /// Whether the daemon is being asked what waits; what it tells meanwhile comes after the answer.
    private var isJoining = false
    private var held: [WatchInput] = []
    /// Whether the person was told that the daemon is gone.
    private var isDaemonGone = false
    /// The requests whose answers the daemon hasn't confirmed, in the order of these.
    private var unconfirmed: [String] = []
    private var overdue: Alarm?
    private var end: End?

    /// How long a window has to keep its size to be drawn anew: dragging its edge gives it many.
    private static let settling = Duration.milliseconds(200)

    /// How long the end waits for answers that are under way: the daemon takes none from a program that has gone.
    private static let patience = Duration.seconds(2)

    private static let greeting =
        "Watching for requests. They come up here, and a key answers each; q quits."

    private enum End {
        case quit
        case failed(ConsoleError)
    }

    init(bus: WatchBus, queue: AsyncStream<WatchInput>.Continuation) {
        self.bus = bus
        self.queue = queue
    }

    /// Follows what comes in until the person quits; returns what ended it before that.
    ///
    /// Answers that are under way by then are waited for, but not for long; what became of one that wasn't taken, or isn't
    /// confirmed, is told on standard error.
    mutating func run(_ inputs: AsyncStream<WatchInput>) async -> ConsoleError? {
        defer { for alarm in [typing, lapsing, resizing, overdue] { alarm?.cancel() } }
        join()
        for await input in inputs {
            if end == nil {
                end = take(input)
                if end != nil { overdue = alarm(after: Self.patience) { .answersOverdue } }
            } else {
                takeAfterEnd(input)
            }
            if end != nil, unconfirmed.isEmpty { break }
        }
        if case .failed(let error)? = end { return error }
        return nil
    }

    /// Tells what becomes of the last answers; nothing else counts any more.
    private mutating func takeAfterEnd(_ input: WatchInput) {
        switch input {
        case .answered(let code, let failure):
            unconfirmed.removeAll { $0 == code }
            switch failure {
            case nil: break
            case .unreachable?: Self.tellUnconfirmed(code)
            case let refusal?: Output.complaint("\(code): \(refusal.text)")
            }
        case .answersOverdue:
            for code in unconfirmed { Self.tellUnconfirmed(code) }
            unconfirmed = []
        default: break
        }
    }

    private static func tellUnconfirmed(_ code: String) {
        Output.complaint(Interruption.unconfirmed("the answer to \(code)"))
    }

    private mutating func take(_ input: WatchInput) -> End? {
        guard !isJoining || !input.isOfDaemon else {
            held.append(input)
            return nil
        }
        var actions: [WatchState.Action] = []
        switch input {
        case .end: return .quit
        case .busLost: return .failed(.unreachable("The session bus is gone, and Keybell with it."))
        case .joined(let waiting, let failure): return joined(waiting, failure)
        case .daemonCame: join()  // how it is there is told once that is known
        case .event(let event):
            if case .daemon(isThere: false) = event { isDaemonGone = true }
            actions = take(event)
        case .answered(let code, let failure):
            unconfirmed.removeAll { $0 == code }
            actions = failure.map { take(.refused(code: code, reason: $0.text)) } ?? []
        case .answersOverdue: return nil
        case .byte(let byte, let time):
            actions = reader.take(byte, at: time).flatMap { take(.key($0)) }
            typing?.cancel()
            typing = reader.due.map { alarm(after: $0 - .now) { .pause(at: .now) } }
        case .pause(let time): actions = reader.settle(at: time).flatMap { take(.key($0)) }
        case .lapse: actions = take(.time)
        case .resizing:
            resizing?.cancel()
            resizing = alarm(after: Self.settling) { .resized }
            return nil
        case .resized:
            let former = layout
            layout = TerminalLayout.ofOutput()
            actions = layout == former ? [] : take(.resized)
        }
        return carryOut(actions)
    }

    private mutating func take(_ event: WatchState.Event) -> [WatchState.Action] {
        state.take(event, at: .now)
    }

    // MARK: - Daemon

    private func start(_ call: @escaping @Sendable (WatchBus) async -> WatchInput?) {
        Task(executorPreference: MainLoop.executor) { [bus, queue] in
            if let input = await call(bus) { queue.yield(input) }
        }
    }

    private mutating func join() {
        isJoining = true
        start { await $0.join() }
    }

    private mutating func joined(_ waiting: [RequestDetails], _ failure: ConsoleError?) -> End? {
        isJoining = false
        var actions: [WatchState.Action] = []
        if !hasBegun {
            if let failure { return .failed(failure) }
            hasBegun = true
            screen.line(TerminalLayout.ofOutput().set(Self.greeting))
        }
        // The bus has told that it has gone again.
        let hasGone = held.contains { if case .event(.daemon(isThere: false)) = $0 { true } else { false } }
        switch failure {
        case .unreachable?: if !hasGone, let failure { actions = take(.unusable(reason: failure.text)) }
        // One that came because this program has called it was never gone.
        case nil: if isDaemonGone { actions = take(.daemon(isThere: true)) }
        case let failure?: actions = take(.unregistered(reason: failure.text))
        }
        isDaemonGone = false
        actions += waiting.flatMap { take(.added($0)) }
        if let end = carryOut(actions) { return end }
        let inputs = held
        held = []
        for input in inputs {
            if let end = take(input) { return end }
        }
        return nil
    }

    // MARK: - Deeds

    /// Does what `WatchState` says, and what follows from that.
    private mutating func carryOut(_ actions: [WatchState.Action]) -> End? {
        var actions = actions
        var next = 0
        while next < actions.count {
            let action = actions[next]
            next += 1
            switch action {
            // Asked each time, for a window may be resized.
            case .print(let text): screen.line(TerminalLayout.ofOutput().set(text))
            case .ask(let texts): screen.line(TerminalLayout.ofOutput().fitting(texts))
            case .show(let request, let keys, let part):
                let page = Self.page(request, keys, part)
                // The terminal's bell, and a line between this and what was before.
                screen.line(page.isFirst ? "\u{7}\n" + page.text : page.text)
                actions += take(.drawn(code: request.code, isRead: page.isRead))
            case .echo(let text): screen.rewrite(text)
            case .quit: return .quit
            case .shown(let code):
                start { bus in
                    await bus.tellShown(code)
                    return nil
                }
            case .answer(let code, let decision, let choices):
                unconfirmed.append(code)
                start { await $0.answer(code, decision, choices) }
            }
        }
        lapsing?.cancel()
        lapsing = state.due.map { alarm(after: $0 - .now) { .lapse } }
        return nil
    }

    private func alarm(
        after time: Duration,
        _ input: @escaping @Sendable () -> WatchInput
    ) -> Alarm {
        Alarm(after: time) { [queue] in _ = queue.yield(input()) }
    }

    private static func page(_ request: RequestDetails, _ keys: KeyLegend, _ part: Int) -> WatchPage {
        let left = Moment.left(until: request.deadline, now: Moment.now())
        // The body says how many logins there are.
        return TerminalLayout.ofOutput().page(
            part,
            title: "\(request.code)  \(request.title)  (expires \(left))",
            body: request.body + request.wholeSearch + request.asker,
            warnings: request.warnings,
            keys: keys
        )
    }
}
