// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Linux

/// What comes in while `keybell watch` runs, from wherever.
enum WatchInput: Sendable {
    case event(WatchState.Event)
    /// A byte, with the time at which it came: what is done meanwhile must not make keys look far apart.
    case byte(UInt8, at: ContinuousClock.Instant)
    /// Nothing has come from the keyboard for a while.
    case pause(at: ContinuousClock.Instant)
    /// An allow has waited long enough for the key that says yes.
    case lapse
    /// The window gets another size; it has one after the last of these.
    case resizing
    case resized
    case daemonCame
    /// What waits at the daemon, and why this program isn't its agent; nil where it is.
    case joined([RequestDetails], failure: ConsoleError?)
    /// The daemon has confirmed an answer, or why not.
    case answered(code: String, failure: ConsoleError?)
    /// It has had its time to confirm the last ones.
    case answersOverdue
    case end
    case busLost

    /// Whether it is about what waits at the daemon.
    var isOfDaemon: Bool {
        switch self {
        case .event, .daemonCame: true
        default: false
        }
    }
}

/// Brings bus, keyboard and screen together.
struct Watcher {
    let bus: WatchBus
    /// The signals that end it.
    let terminations: AsyncStream<Int32>

    /// Runs until the person quits, a signal ends it, or the bus goes away.
    func run() async throws(ConsoleError) {
        let (inputs, queue) = AsyncStream<WatchInput>.makeStream()
        let signals = try await bus.signals()
        let owners = try await bus.owners()
        var loop = WatchLoop(bus: bus, queue: queue)
        var failure: ConsoleError?
        await withTaskGroup { group in
            group.addTask {
                for await message in signals {
                    if let event = WatchBus.event(message) { queue.yield(.event(event)) }
                }
                queue.yield(.busLost)
            }
            group.addTask {
                for await byte in StandardInput.bytes() { queue.yield(.byte(byte, at: .now)) }
                queue.yield(.end)
            }
            group.addTask {
                for await owner in owners.dropFirst() {
                    queue.yield(owner == nil ? .event(.daemon(isThere: false)) : .daemonCame)
                }
            }
            group.addTask {
                for await _ in terminations { queue.yield(.end) }
            }
            group.addTask {
                for await _ in ProcessSignals.resizes() { queue.yield(.resizing) }
            }
            failure = await loop.run(inputs)
            group.cancelAll()
        }
        if let failure { throw failure }
        await bus.leave()
    }
}
