// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Dispatch
import Linux
import Synchronization

/// Has all processes searched for sockets off the serving threads, once for all who ask meanwhile, and seldom for those that
/// can wait; the search itself is `SocketHolder.find`.
final class HolderSearchQueue: Sendable {
    /// Who has a socket.
    struct Found: Sendable {
        /// The search that found it out; what is read about it afterwards is the same for all who share the search.
        let search: UInt64
        /// Who has it.
        let holders: [SocketHolder]
        /// Whether all readable tables were read.
        let isComplete: Bool
    }

    private typealias Waiter = (inode: UInt64, resume: @Sendable (Found) -> Void)

    private struct State {
        /// Who waits for a search that begins from now on.
        var waiting: [Waiter] = []
        /// Those that can wait: they cause no search of their own before its time.
        var patient: [Waiter] = []
        /// What is being searched for, and who has joined since.
        var running: Set<UInt64> = []
        var joined: [Waiter] = []
        var number: UInt64 = 0
        /// When a search may next be made for `patient` alone.
        var next = ContinuousClock.now
        var alarm: Alarm?
    }

    /// The part of a core's time that searches for `patient` alone may take: a sixteenth.
    private static let share = 16
    /// How long a search takes at most, however many descriptors there are.
    ///
    /// Whoever asks while one runs waits for two.
    private static let longest = Duration.seconds(2)
    /// How long one for `patient` alone takes at most.
    private static let longestEarly = Duration.milliseconds(500)

    private let queue = DispatchQueue(label: "org.keybell.identification")
    private let state = Mutex(State())

    /// Everybody who has this socket at some moment between the call and its return.
    ///
    /// - Parameters:
    ///   - inode: The socket.
    ///   - isAnew: Whether the search has to begin after the call; else one that is under way for the same socket will do.
    /// - Returns: Those, and by which search they were found.
    func holders(of inode: UInt64, isAnew: Bool = true) async -> Found {
        await withCheckedContinuation { continuation in
            let waiter: Waiter = (inode, { continuation.resume(returning: $0) })
            let isJoined = state.withLock { state in
                guard isAnew || !state.running.contains(inode) else {
                    state.joined.append(waiter)
                    return true
                }
                state.waiting.append(waiter)
                return false
            }
            if !isJoined { queue.async { self.searchForAll() } }
        }
    }

    /// The same for what any peer can cause: soon, at the next search or when there is time for one.
    ///
    /// However many ask, such searches take no more than a small part of a core's time.
    func holdersSoon(of inode: UInt64) async -> Found {
        await withCheckedContinuation { continuation in
            let wait = state.withLock { state -> Duration? in
                state.patient.append((inode, { continuation.resume(returning: $0) }))
                return state.patient.count == 1 ? state.next - .now : nil
            }
            guard let wait else { return }
            if wait <= .zero { return queue.async { self.searchForAll() } }
            let alarm = Alarm(after: wait, queue: queue) { [weak self] in self?.searchForAll() }
            state.withLock { $0.alarm = alarm }
        }
    }

    /// One search for those that wait; whoever comes while it runs gets the next one.
    private func searchForAll() {
        let start = ContinuousClock.now
        let (waiters, number, isEarly) = state.withLock { state in
            let isEarly = state.waiting.isEmpty
            let waiters = state.waiting + state.patient
            state.waiting = []
            state.patient = []
            state.alarm = nil
            state.running = Set(waiters.map(\.inode))
            state.number += 1
            return (waiters, state.number, isEarly)
        }
        guard !waiters.isEmpty else { return }
        let found = SocketHolder.find(
            Set(waiters.map(\.inode)),
            within: isEarly ? Self.longestEarly : Self.longest
        )
        let holders = Dictionary(grouping: found.holders, by: \.inode)
        let joined = state.withLock { state in
            defer { state.joined = [] }
            state.running = []
            let end = ContinuousClock.now
            if isEarly { state.next = end + (end - start) * Self.share }
            return state.joined
        }
        for waiter in waiters + joined {
            waiter.resume(
                Found(
                    search: number,
                    holders: holders[waiter.inode] ?? [],
                    isComplete: found.isComplete
                )
            )
        }
    }
}
