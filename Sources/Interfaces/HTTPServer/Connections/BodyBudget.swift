// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Synchronization

/// How much memory the bodies that are being read may take together, over all connections.
///
/// Every connection may always hold a small body, so that no request of ordinary length ever waits for others. One with
/// a longer body needs one of a few places, each large enough for the longest body allowed, so that whoever has one can
/// finish; the others aren't read any further until it is their turn, while their deadline runs. While others wait, a
/// place is good for a moment only, and the last to come is next; otherwise slow peers could hold all places, and many
/// of them the whole queue. A peer that means to send does so within milliseconds.
package final class BodyBudget: Sendable {
    private struct Waiter {
        let id: ObjectIdentifier
        let granted: @Sendable () -> Void
        let lost: @Sendable () -> Void
    }

    private struct Holder {
        let since: ContinuousClock.Instant
        /// Nil once it was told that it has lost its place; it keeps the memory until it gives the place back.
        var lost: (@Sendable () -> Void)?
    }

    private struct State {
        var free: Int
        var waiting: [Waiter] = []
        /// Since when somebody has been waiting without a break.
        var waitingSince: ContinuousClock.Instant?
        var holders: [ObjectIdentifier: Holder] = [:]
        var alarm: Alarm?

        /// When a holder's time is up.
        func end(of holder: Holder, turn: Duration) -> ContinuousClock.Instant? {
            waitingSince.map { max($0, holder.since) + turn }
        }
    }

    private let turn: Duration
    private let state: Mutex<State>

    /// Divides the memory.
    ///
    /// - Parameters:
    ///   - bytes: How much there is in all.
    ///   - connections: How many connections there may be.
    ///   - longest: The longest body that is read.
    ///   - turn: How long a place can be held while somebody waits for one. A local program needs milliseconds.
    package init(
        bytes: Int = HTTPLimits.bodyMemory,
        connections: Int = HTTPLimits.connections,
        longest: Int = HTTPLimits.body,
        turn: Duration = .milliseconds(500)
    ) {
        let places = (bytes - connections * 2 * HTTPLimits.bodyShare) / longest
        self.turn = turn
        state = Mutex(State(free: max(1, places)))
    }

    /// Asks for a place.
    ///
    /// - Parameters:
    ///   - owner: Whose bodies they are; asks only once until it gives the place back.
    ///   - granted: Called, from anywhere, when its turn has come.
    ///   - lost: Called, from anywhere, when it has had its place for too long while others wait; it then has to drop
    ///     its bodies and give the place back.
    /// - Returns: Whether it has the place already; `granted` isn't called then.
    func ask(
        _ owner: AnyObject,
        granted: @escaping @Sendable () -> Void,
        lost: @escaping @Sendable () -> Void
    ) -> Bool {
        let id = ObjectIdentifier(owner)
        return state.withLock { state in
            guard state.free > 0 else {
                state.waiting.append(Waiter(id: id, granted: granted, lost: lost))
                watch(&state)
                return false
            }
            state.free -= 1
            state.holders[id] = Holder(since: .now, lost: lost)
            return true
        }
    }

    /// Gives a place back, or leaves the queue.
    func giveBack(_ owner: AnyObject) {
        let id = ObjectIdentifier(owner)
        let next = state.withLock { state -> (@Sendable () -> Void)? in
            defer { watch(&state) }
            guard state.holders.removeValue(forKey: id) != nil else {
                state.waiting.removeAll { $0.id == id }
                return nil
            }
            guard let next = state.waiting.popLast() else {
                state.free += 1
                return nil
            }
            state.holders[next.id] = Holder(since: .now, lost: next.lost)
            return next.granted
        }
        next?()
    }

    /// Sets the alarm to when the first holder's time is up, if somebody waits.
    private func watch(_ state: inout State) {
        guard !state.waiting.isEmpty else {
            (state.waitingSince, state.alarm) = (nil, nil)
            return
        }
        if state.waitingSince == nil { state.waitingSince = .now }
        guard state.alarm == nil else { return }
        let ends = state.holders.values.filter { $0.lost != nil }.compactMap { state.end(of: $0, turn: turn) }
        state.alarm = ends.min().map { end in
            Alarm(after: max(.zero, end - .now)) { [weak self] in self?.endTurns() }
        }
    }

    /// Tells those whose time is up, as many as others are waiting.
    private func endTurns() {
        let over = state.withLock { state -> [@Sendable () -> Void] in
            state.alarm = nil
            let leaving = state.holders.values.count { $0.lost == nil }
            let now = ContinuousClock.now
            let late = state.holders
                .filter { $0.value.lost != nil }
                .filter { holder in state.end(of: holder.value, turn: turn).map { $0 <= now } ?? false }
                .sorted { $0.value.since < $1.value.since }
                .prefix(max(0, state.waiting.count - leaving))
            for (id, _) in late { state.holders[id]?.lost = nil }
            // The others are looked at again when a place is given back.
            if late.isEmpty && leaving > 0 { return [] }
            watch(&state)
            return late.compactMap(\.value.lost)
        }
        for tell in over { tell() }
    }
}
