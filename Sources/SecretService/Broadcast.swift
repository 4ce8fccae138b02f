// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Tells several listeners the same, each at its own pace.
///
/// A listener that is slow loses the oldest, so an element must never be more than a hint to look again.
package final class Broadcast<Element: Sendable>: Sendable {
    private struct State {
        var nextID = 0
        var listeners: [Int: AsyncStream<Element>.Continuation] = [:]
    }

    private let state = Mutex(State())
    private let backlog: Int

    /// A broadcast without listeners.
    ///
    /// - Parameter backlog: How many elements a listener may be behind.
    package init(backlog: Int) {
        self.backlog = backlog
    }

    deinit {
        state.withLock { state in
            for listener in state.listeners.values { listener.finish() }
        }
    }

    /// Everything that is sent from now on; ends with the broadcast, or when the stream is let go of.
    package func listen() -> AsyncStream<Element> {
        let (stream, continuation) = AsyncStream<Element>.makeStream(
            bufferingPolicy: .bufferingNewest(backlog)
        )
        let id = state.withLock { state in
            state.nextID += 1
            state.listeners[state.nextID] = continuation
            return state.nextID
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: id) }
        }
        return stream
    }

    /// Tells all who listen.
    package func send(_ element: Element) {
        let listeners = state.withLock { Array($0.listeners.values) }
        for listener in listeners { listener.yield(element) }
    }
}
