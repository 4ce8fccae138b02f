// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What holds now: read by any number of parts, and replaced as a whole.
///
/// Whoever reads it once at the beginning of something does all of that with the same value.
package final class CurrentValue<Value: Sendable>: Sendable {
    private let held: Mutex<Value>
    private let changeBroadcast = Broadcast<Void>(backlog: 1)

    /// Begins with a value.
    package init(_ value: Value) {
        held = Mutex(value)
    }

    /// The value that holds now.
    package var value: Value { held.withLock { $0 } }

    /// Puts another in its place, and tells all who follow it.
    package func replace(with value: Value) {
        held.withLock { $0 = value }
        changeBroadcast.send(())
    }

    /// Signals, from now on, that another value may hold, which is then to be read.
    package func changes() -> AsyncStream<Void> {
        changeBroadcast.listen()
    }
}
