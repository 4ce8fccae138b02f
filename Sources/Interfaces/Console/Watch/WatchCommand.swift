// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import ConcurrencyTools
import DBus
import DisplayText
import Linux

/// `keybell watch`: shows requests as they come and takes the answers.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show requests in this terminal as they come, and answer them by a key.",
        discussion: """
            The keys stand below each request: among them a to allow, s to allow for this session, y to allow always, \
            e to choose among the logins, o to give a program that wants many their names alone, d to deny, m to deny and mute the program for 10 minutes, q to quit.
            """
    )

    @Flag(help: "Keep the built-in notifier still for what is shown here.")
    var exclusive = false

    func run() async throws {
        let daemon = try await DaemonBus.connect()
        guard StandardInput.isTerminal, StandardStream.output.isTerminal else {
            _ = try await daemon.requests()  // whether it is there at all comes first
            throw ConsoleError.usage(
                "`keybell watch` needs a terminal. In a script, use `keybell requests --json` and `keybell allow CODE`."
            )
        }
        let watcher = Watcher(daemon: daemon, exclusive: exclusive)
        let terminal = try KeyTerminal.ofInput()
        let marksPastes = TerminalLayout.ofOutput().isStyled
        if marksPastes { StandardStream.output.write(KeyReader.startMarkingPastes) }
        // Only then may the terminal go back to what it was.
        defer {
            if marksPastes { StandardStream.output.write(KeyReader.stopMarkingPastes) }
            withExtendedLifetime(terminal) {}
        }
        try await watcher.run()
    }
}

/// Brings bus, keyboard and screen together.
struct Watcher {
    let daemon: DaemonBus
    let exclusive: Bool

    /// What comes in, from wherever.
    private enum Input: Sendable {
        case board(WatchState.Event)
        /// A byte, with the time at which it came: waiting for the bus must not make keys look far apart.
        case byte(UInt8, at: ContinuousClock.Instant)
        /// Nothing has come from the keyboard for a while.
        case pause(at: ContinuousClock.Instant)
        /// An allow has waited long enough for the key that says yes.
        case lapse
        /// The window gets another size; it has one after the last of these.
        case resizing
        case resized
        case daemonCame
        case end
        case busLost
    }

    /// Runs until the person quits, a signal ends it, or the bus goes away.
    func run() async throws(ConsoleError) {
        let (inputs, queue) = AsyncStream<Input>.makeStream()
        let signals = try await subscribe()
        let owners = try await follow()
        try await register()
        var isBusLost = false
        await withTaskGroup { group in
            group.addTask {
                for await message in signals {
                    if let event = Self.event(message) { queue.yield(.board(event)) }
                }
                queue.yield(.busLost)
            }
            group.addTask {
                for await byte in StandardInput.bytes() { queue.yield(.byte(byte, at: .now)) }
                queue.yield(.end)
            }
            group.addTask {
                for await owner in owners.dropFirst() {
                    queue.yield(owner == nil ? .board(.daemon(isThere: false)) : .daemonCame)
                }
            }
            group.addTask {
                for await _ in TerminationSignals.stream() { queue.yield(.end) }
            }
            group.addTask {
                for await _ in ResizeSignals.stream() { queue.yield(.resizing) }
            }
            isBusLost = await !serve(
                inputs,
                pause: { queue.yield(.pause(at: .now)) },
                lapse: { queue.yield(.lapse) },
                resized: { queue.yield(.resized) }
            )
            group.cancelAll()
        }
        guard !isBusLost else { throw .unreachable("The session bus is gone, and Keybell with it.") }
        // Leaving the bus unregisters, too; this keeps the status tidy until then.
        _ = try? await daemon.call(
            ApprovalInterface.description,
            ApprovalInterface.unregisterAgent,
            starts: false
        )
    }

    /// Follows what comes in until the person quits.
    ///
    /// - Parameters:
    ///   - inputs: What comes in.
    ///   - pause: What an alarm calls once nothing has been typed for a moment.
    ///   - lapse: What an alarm calls once an allow has waited long enough for one more key.
    ///   - resized: What an alarm calls once the window has kept its size for a moment.
    /// - Returns: False when the bus has gone.
    private func serve(
        _ inputs: AsyncStream<Input>,
        pause: @escaping @Sendable () -> Void,
        lapse: @escaping @Sendable () -> Void,
        resized: @escaping @Sendable () -> Void
    ) async -> Bool {
        var board = WatchState()
        var reader = KeyReader()
        var alarm: Alarm?
        var lapsing: Alarm?
        var resizing: Alarm?
        var layout = TerminalLayout.ofOutput()
        defer {
            resizing?.cancel()
            alarm?.cancel()
            lapsing?.cancel()
        }
        let greeting = "Watching for requests. They come up here, and a key answers each; q quits."
        Output.line(TerminalLayout.ofOutput().set(greeting))
        var screen = WatchScreen()
        var actions = await catchUp(&board)
        guard await carryOut(&actions, &board, &screen) else { return true }
        for await input in inputs {
            switch input {
            case .end: return true
            case .busLost: return false
            case .daemonCame:
                actions = take(.daemon(isThere: true), &board)
                // A daemon that has just started has lost its agents; if it is gone again, the next input tells.
                try? await register()
                actions += await catchUp(&board)
            case .board(let event): actions = take(event, &board)
            case .byte(let byte, let time):
                actions = reader.take(byte, at: time).flatMap { take(.key($0), &board) }
                alarm?.cancel()
                alarm = reader.due.map { Alarm(after: $0 - .now, fire: pause) }
            case .pause(let time):
                actions = reader.settle(at: time).flatMap { take(.key($0), &board) }
            case .lapse: actions = take(.time, &board)
            case .resizing:
                resizing?.cancel()
                resizing = Alarm(after: Self.settling, fire: resized)
                continue
            case .resized:
                let former = layout
                layout = TerminalLayout.ofOutput()
                actions = layout == former ? [] : take(.resized, &board)
            }
            guard await carryOut(&actions, &board, &screen) else { return true }
            lapsing?.cancel()
            lapsing = board.due.map { Alarm(after: $0 - .now, fire: lapse) }
        }
        return true
    }

    /// How long a window has to keep its size to be drawn anew: dragging its edge gives it many.
    private static let settling = Duration.milliseconds(200)

    private func take(_ event: WatchState.Event, _ board: inout WatchState) -> [WatchState.Action] {
        board.take(event, at: .now)
    }

    /// What was already waiting when we began to listen.
    private func catchUp(_ board: inout WatchState) async -> [WatchState.Action] {
        // If the daemon has just gone, its signals tell.
        guard let waiting = try? await daemon.requests(starts: false) else { return [] }
        return waiting.flatMap { take(.added($0), &board) }
    }

    /// Does what `WatchState` says; false when it is time to stop.
    private func carryOut(
        _ actions: inout [WatchState.Action],
        _ board: inout WatchState,
        _ screen: inout WatchScreen
    ) async -> Bool {
        var next = 0
        while next < actions.count {
            let action = actions[next]
            next += 1
            switch action {
            // Asked each time, for a window may be resized.
            case .print(let text): screen.line(TerminalLayout.ofOutput().set(text))
            case .show(let request, let keys, let part):
                let page = Self.page(request, keys, part)
                // The terminal's bell, and a line between this and what was before.
                screen.line(page.isFirst ? "\u{7}\n" + page.text : page.text)
                actions += take(.drawn(code: request.code, hiddenWarnings: page.hiddenWarnings), &board)
            case .echo(let text): screen.rewrite(text)
            case .quit: return false
            case .shown(let code):
                let interface = ApprovalInterface.description
                // It may have ended by now; then its removal is on the way.
                _ = try? await daemon.call(interface, ApprovalInterface.shown, [.string(code)], starts: false)
            case .answer(let code, let decision, let choices):
                do throws(ConsoleError) {
                    try await daemon.answer(code, decision, choices)
                } catch {
                    actions += take(.refused(code: code, reason: error.text), &board)
                }
            }
        }
        return true
    }

    private static func page(_ request: RequestDetails, _ keys: WatchKeys, _ part: Int) -> WatchPage {
        let left = Moment.left(until: request.deadline, now: Moment.now())
        // The body says how many logins there are.
        return TerminalLayout.ofOutput().page(
            part,
            title: "\(request.code)  \(request.title)  (expires \(left))",
            body: request.body + request.asker,
            warnings: request.warnings,
            keys: keys
        )
    }

    // MARK: - Bus

    private func register() async throws(ConsoleError) {
        let options = Value.vardict([ApprovalInterface.AgentOption.exclusive: .boolean(exclusive)])
        try await daemon.call(
            ApprovalInterface.description,
            ApprovalInterface.registerAgent,
            [.string("keybell watch"), options]
        )
    }

    private func subscribe() async throws(ConsoleError) -> AsyncStream<Message> {
        do throws(DBusError) {
            return try await daemon.bus.signals(sender: KeybellBus.name, interface: ApprovalInterface.name)
        } catch {
            throw ConsoleError(error)
        }
    }

    private func follow() async throws(ConsoleError) -> AsyncStream<String?> {
        do throws(DBusError) {
            return try await daemon.bus.owners(of: KeybellBus.name)
        } catch {
            throw ConsoleError(error)
        }
    }

    private static func event(_ message: Message) -> WatchState.Event? {
        guard let code = message.body.first?.asString, message.body.count == 2 else { return nil }
        switch message.member {
        case ApprovalInterface.requestAdded.name:
            return message.body[1].vardict.map { .added(RequestDetails(code: code, reading: $0)) }
        case ApprovalInterface.requestRemoved.name:
            guard let outcome = message.body[1].asString else { return nil }
            return .removed(code: PlainText.cleaned(code), outcome: PlainText.cleaned(outcome))
        case ApprovalInterface.answerKept.name:
            guard let trouble = message.body[1].asString, !trouble.isEmpty else { return nil }
            return .notKept(code: PlainText.cleaned(code), reason: PlainText.cleaned(trouble))
        case ApprovalInterface.answerFailed.name:
            guard let reason = message.body[1].asString else { return nil }
            return .notKept(
                code: PlainText.cleaned(code),
                reason: RequestDetails.failureSentence(PlainText.cleaned(reason))
            )
        default: return nil
        }
    }
}
