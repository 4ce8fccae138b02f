// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BusInterface
import DBus
import DisplayText
import Kernel

/// `keybell watch`: shows requests as they come and takes the answers.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show requests in this terminal as they come, and answer them by a key."
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
        // Only then may the terminal go back to what it was.
        defer { withExtendedLifetime(terminal) {} }
        try await watcher.run()
    }
}

/// Brings bus, keyboard and board together.
struct Watcher {
    let daemon: DaemonBus
    let exclusive: Bool

    /// What comes in, from wherever.
    private enum Input: Sendable {
        case board(WatchBoard.Event)
        case daemonCame
        case end
        case busLost
    }

    /// Runs until the person quits, a signal ends it, or the bus goes.
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
                for await byte in StandardInput.bytes() { queue.yield(.board(.key(byte))) }
                queue.yield(.end)
            }
            group.addTask {
                for await owner in owners.dropFirst() {
                    queue.yield(owner == nil ? .board(.daemon(isThere: false)) : .daemonCame)
                }
            }
            group.addTask {
                for await _ in EndingSignals.stream() { queue.yield(.end) }
            }
            isBusLost = await !serve(inputs)
            group.cancelAll()
        }
        guard !isBusLost else { throw .unreachable("The session bus is gone, and Keybell with it.") }
        // Leaving the bus unregisters, too; this is for a tidy status meanwhile.
        _ = try? await daemon.call(
            ApprovalInterface.description,
            ApprovalInterface.unregisterAgent,
            starts: false
        )
    }

    /// Follows what comes in until the person has enough; false when the bus has gone instead.
    private func serve(_ inputs: AsyncStream<Input>) async -> Bool {
        var board = WatchBoard()
        let greeting = "Watching for requests. They come up here, and a key answers each; q quits."
        Output.line(TerminalPage.ofOutput().set(greeting))
        var actions = await catchUp(&board)
        guard await carryOut(&actions, &board) else { return true }
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
            }
            guard await carryOut(&actions, &board) else { return true }
        }
        return true
    }

    private func take(_ event: WatchBoard.Event, _ board: inout WatchBoard) -> [WatchBoard.Action] {
        board.take(event, at: .now, unixTime: Moment.now())
    }

    /// What waited before we listened.
    private func catchUp(_ board: inout WatchBoard) async -> [WatchBoard.Action] {
        guard let waiting = try? await daemon.requests(starts: false) else { return [] }
        return waiting.flatMap { take(.added($0), &board) }
    }

    /// Does what the board says; false when it is time to stop.
    private func carryOut(_ actions: inout [WatchBoard.Action], _ board: inout WatchBoard) async -> Bool {
        var next = 0
        while next < actions.count {
            let action = actions[next]
            next += 1
            switch action {
            case .print(let text, let isTitle):
                // Asked each time, for a window may be made wider or narrower.
                Output.line(TerminalPage.ofOutput().set(text, isBold: isTitle))
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

    private static func event(_ message: Message) -> WatchBoard.Event? {
        guard let code = message.body.first?.asString, message.body.count == 2 else { return nil }
        switch message.member {
        case ApprovalInterface.requestAdded.name:
            return message.body[1].vardict.map { .added(RequestDetails(code: code, reading: $0)) }
        case ApprovalInterface.requestRemoved.name:
            guard let outcome = message.body[1].asString else { return nil }
            return .removed(code: PlainText.cleaned(code), outcome: PlainText.cleaned(outcome))
        default: return nil
        }
    }
}
