// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Dispatch

/// Thrown when something that a test waits for does not come in time.
package struct TimedOut: Error, CustomStringConvertible {
    /// What was waited for.
    package let description: String

    /// Names what was waited for.
    package init(description: String) {
        self.description = description
    }
}

/// A value that a test can wait on: no sleeps, no polling, a deadline only for the case that all is lost.
package final class Observed<State: Sendable>: Sendable {
    private typealias Waiter = @Sendable (State) -> Bool

    private struct Content {
        var state: State
        var waiters: [Int: Waiter] = [:]
        var nextID = 0
    }

    private let content: Mutex<Content>

    /// Starts with a first value.
    package init(_ state: State) {
        content = Mutex(Content(state: state))
    }

    /// The value as it is now.
    package var now: State {
        content.withLock { $0.state }
    }

    /// Changes the value and looks whether somebody waited for that.
    package func update(_ change: (inout State) -> Void) {
        content.withLock { content in
            change(&content.state)
            let state = content.state
            content.waiters = content.waiters.filter { !$0.value(state) }
        }
    }

    /// Waits until `look` finds what it wants.
    ///
    /// - Parameters:
    ///   - what: a name for it, for the error.
    ///   - limit: how long to wait at most.
    ///   - look: gives the result, or nil to wait on; called under a lock, so it may only look.
    /// - Returns: what `look` gave.
    /// - Throws: `TimedOut`.
    package func wait<Result: Sendable>(
        for what: String,
        within limit: Duration = .seconds(20),
        _ look: @escaping @Sendable (State) -> Result?
    ) async throws -> Result {
        let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "org.keybell.test-deadline"))
        defer { timer.cancel() }
        return try await withCheckedThrowingContinuation { continuation in
            content.withLock { content in
                if let result = look(content.state) {
                    timer.activate()
                    return continuation.resume(returning: result)
                }
                let id = content.nextID
                content.nextID += 1
                content.waiters[id] = { state in
                    guard let result = look(state) else { return false }
                    continuation.resume(returning: result)
                    return true
                }
                timer.schedule(deadline: .now() + .milliseconds(Int(limit.components.seconds) * 1000))
                timer.setEventHandler {
                    let isWaiting = self.content.withLock { $0.waiters.removeValue(forKey: id) != nil }
                    if isWaiting { continuation.resume(throwing: TimedOut(description: what)) }
                }
                timer.activate()
            }
        }
    }
}
