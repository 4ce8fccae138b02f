// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Sends the same elements to any number of listeners, to each from when it began to listen, at its own pace.
package final class Broadcast<Element: Sendable>: Sendable {
    private struct State {
        var nextID = 0
        var listeners: [Int: AsyncStream<Element>.Continuation] = [:]
        var isFinished = false
    }

    private let state = Mutex(State())
    private let backlog: Int?

    /// A broadcast without listeners.
    ///
    /// - Parameter backlog: How many elements a listener may be behind before it loses the oldest, for elements that
    ///   are only hints to look again; nil if none may be lost.
    package init(backlog: Int? = nil) {
        self.backlog = backlog
    }

    deinit {
        finish()
    }

    /// Everything that is sent from now on; ends with the broadcast, or when the stream is released.
    package func listen() -> AsyncStream<Element> {
        let (stream, continuation) = AsyncStream<Element>.makeStream(
            bufferingPolicy: backlog.map { .bufferingNewest($0) } ?? .unbounded
        )
        let id = state.withLock { state -> Int? in
            guard !state.isFinished else { return nil }
            state.nextID += 1
            state.listeners[state.nextID] = continuation
            return state.nextID
        }
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: id) }
        }
        return stream
    }

    /// Sends an element to all listeners.
    package func send(_ element: Element) {
        let listeners = state.withLock { Array($0.listeners.values) }
        for listener in listeners { listener.yield(element) }
    }

    /// Ends the streams of all listeners, present and future.
    package func finish() {
        let listeners = state.withLock { state in
            state.isFinished = true
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }
}
