// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// Access to a folder whose disk may hang: one job after the other, and nobody waits for one longer than a deadline.
///
/// It blocks whoever waits, so it is never called on an actor.
final class FolderAccess: Sendable {
    /// One job, and who waits for it.
    private final class Job<Value: Sendable>: Sendable {
        enum State {
            case waiting
            case begun
            case done(Value)
            /// Nobody waits for it any more.
            case abandoned
        }

        let state = Mutex(State.waiting)
        let isDone = DispatchSemaphore(value: 0)
    }

    /// How long one may take, with what is before it.
    let timeout: Duration

    private let queue: DispatchQueue
    /// How many jobs that have begun nobody waits for any more.
    private let hanging = Mutex(0)

    /// Access with this deadline.
    init(label: String, timeout: Duration) {
        self.timeout = timeout
        queue = DispatchQueue(label: label)
    }

    /// Whether the folder has taken too long, and hasn't answered since.
    var isHanging: Bool { hanging.withLock { $0 > 0 } }

    /// Does a job after those before it.
    ///
    /// While the folder hangs nothing else is begun.
    ///
    /// - Parameter work: Reads or writes the folder.
    /// - Returns: What it gives; nil where that takes too long. What has begun by then goes on.
    func result<Value: Sendable>(_ work: @escaping @Sendable () -> Value) -> Value? {
        guard !isHanging else { return nil }
        let job = Job<Value>()
        queue.async { [self] in carryOut(job, work) }
        let (seconds, rest) = timeout.components
        let limit = DispatchTime.now() + Double(seconds) + Double(rest) / 1e18
        _ = job.isDone.wait(timeout: limit)
        return job.state.withLock { state in
            switch state {
            case .done(let value): return value
            case .begun:
                hanging.withLock { $0 += 1 }
                state = .abandoned
            case .waiting, .abandoned:
                state = .abandoned
            }
            return nil
        }
    }

    /// Returns once everything that has begun is done, however long that takes; it doesn't block.
    func answers() async {
        await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
    }

    private func carryOut<Value: Sendable>(_ job: Job<Value>, _ work: @Sendable () -> Value) {
        let isWanted = job.state.withLock { state in
            guard case .waiting = state else { return false }
            state = .begun
            return true
        }
        guard isWanted else { return }
        let value = work()
        job.state.withLock { state in
            if case .abandoned = state { hanging.withLock { $0 -= 1 } } else { state = .done(value) }
        }
        job.isDone.signal()
    }
}
