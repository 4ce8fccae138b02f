// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The turn of one save: it begins, or whoever waits for it gives it up before that.
final class PendingSave: Sendable {
    private enum State {
        case waiting
        case begun
        case givenUp
    }

    private let state = Mutex(State.waiting)

    /// Begins the save.
    ///
    /// - Returns: False where it was given up: then it isn't to be done.
    func begin() -> Bool {
        state.withLock { state in
            guard state == .waiting else { return false }
            state = .begun
            return true
        }
    }

    /// Gives the save up.
    ///
    /// - Returns: False where it has begun: it may still succeed.
    func giveUp() -> Bool {
        state.withLock { state in
            guard state == .waiting else { return false }
            state = .givenUp
            return true
        }
    }
}
