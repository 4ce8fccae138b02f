// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How much memory the bodies that are being read may take together, over all connections.
///
/// Every connection may always hold a small body, so that no request of ordinary length ever waits for others. One whose
/// body is longer needs one of a few places, each good for the longest body there may be, so that whoever has one can
/// come to an end; the others aren't read on until it is their turn, in the order of asking. Their deadline runs.
package final class BodyBudget: Sendable {
    /// How much of its bodies a connection may hold without a place.
    ///
    /// As much again may come with one read.
    static let share = 16 << 10

    private struct State {
        var free: Int
        var waiting: [(id: ObjectIdentifier, granted: @Sendable () -> Void)] = []
        var holders: Set<ObjectIdentifier> = []
    }

    private let state: Mutex<State>

    /// Divides the memory.
    ///
    /// - Parameters:
    ///   - bytes: How much there is in all.
    ///   - connections: How many connections there may be.
    ///   - longest: The longest body that is read.
    package init(bytes: Int = 16 << 20, connections: Int = 256, longest: Int = 1 << 20) {
        let places = (bytes - connections * 2 * Self.share) / longest
        state = Mutex(State(free: max(1, places)))
    }

    /// Asks for a place.
    ///
    /// - Parameters:
    ///   - owner: Whose bodies they are; asks once until it gives back.
    ///   - granted: Called, from anywhere, when its turn has come.
    /// - Returns: Whether it has the place already; `granted` isn't called then.
    func ask(_ owner: AnyObject, granted: @escaping @Sendable () -> Void) -> Bool {
        let id = ObjectIdentifier(owner)
        return state.withLock { state in
            guard state.free > 0 else {
                state.waiting.append((id, granted))
                return false
            }
            state.free -= 1
            state.holders.insert(id)
            return true
        }
    }

    /// Gives a place back, or leaves the queue.
    func giveBack(_ owner: AnyObject) {
        let id = ObjectIdentifier(owner)
        let next = state.withLock { state -> (@Sendable () -> Void)? in
            guard state.holders.remove(id) != nil else {
                state.waiting.removeAll { $0.id == id }
                return nil
            }
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            let next = state.waiting.removeFirst()
            state.holders.insert(next.id)
            return next.granted
        }
        next?()
    }
}
