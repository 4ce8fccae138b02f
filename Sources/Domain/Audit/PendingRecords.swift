// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Synchronization

/// Records that are being kept, and who waits for that.
///
/// The wait ends once, by whatever comes first: what became of them, or the end of the time that they have.
final class PendingRecords: Sendable {
    private struct State {
        var waiter: CheckedContinuation<Bool, Never>?
        var left: Int
        var unwritten: Set<String> = []
        var alarm: Alarm?
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - count: How many records.
    ///   - waiter: Resumed with whether all are kept.
    init(count: Int, waiter: CheckedContinuation<Bool, Never>) {
        state = Mutex(State(waiter: waiter, left: count))
    }

    /// Has them count as not kept after this time.
    func end(after timeout: Duration) {
        let alarm = Alarm(after: timeout) { self.end(false) }
        state.withLock { state in
            if state.waiter != nil { state.alarm = alarm }
        }
    }

    /// Notes what became of one.
    ///
    /// - Returns: After the last one, those that aren't written, by their `id`; nil before.
    func tried(_ record: AuditRecord, isWritten: Bool) -> Set<String>? {
        state.withLock { state in
            state.left -= 1
            if !isWritten, let id = record.id { state.unwritten.insert(id) }
            return state.left == 0 ? state.unwritten : nil
        }
    }

    /// Ends the wait, unless it is over.
    func end(_ isKept: Bool) {
        let ended = state.withLock { state in
            defer { (state.waiter, state.alarm) = (nil, nil) }
            return state
        }
        ended.alarm?.cancel()
        ended.waiter?.resume(returning: isKept)
    }
}
