// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Dispatch
import Synchronization

/// A file that processes run, whatever it is called.
struct ProgramFile: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
}

/// Reads facts about processes on threads of its own, a few at a time, for any number of waiters.
///
/// No file system is asked that another program serves, but a process can still make the kernel wait for a lock of its
/// memory or of a folder. A slow read therefore counts as stuck, and gives its place to another one; while it runs,
/// nothing else is read about the same processes, so that a program takes no more than one thread. Of one program file
/// no more than one read runs that isn't stuck, so that those of the others get their turns. Reads of the same key
/// share the same facts, while one runs or waits to run.
final class ProcessReadQueue<Key: Hashable & Sendable, Facts: Sendable>: Sendable {
    /// How much may be done at once.
    struct Limits: Sendable {
        /// How many reads run that aren't stuck.
        var running = 4
        /// How many stuck ones there may be besides; with more everybody waits.
        var stuck = 16
        /// After how long a read counts as stuck.
        var slow = Duration.milliseconds(250)
        /// How many may wait; any more are told at once that there is no room.
        var waiting = 1024
        /// How long anybody waits.
        var deadline = Duration.seconds(5)
    }

    private typealias Waiter = CheckedContinuation<Facts?, Never>

    private struct Job {
        let processes: Set<Int32>
        let program: ProgramFile?
        var waiters: [UInt64: Waiter] = [:]
        /// Since when it runs; nil while it waits.
        var start: ContinuousClock.Instant?
    }

    private struct State {
        var jobs: [Key: Job] = [:]
        /// Those that wait, in the order in which they came.
        var line: [Key] = []
        var busy: Set<Int32> = []
        var running = 0
        var waiters = 0
        var last: UInt64 = 0
        var alarm: Alarm?
    }

    private let limits: Limits
    private let processes: @Sendable (Key) -> Set<Int32>
    private let program: @Sendable (Key) -> ProgramFile?
    private let facts: @Sendable (Key) -> Facts
    private let state = Mutex(State())

    /// Knows how to read.
    ///
    /// - Parameters:
    ///   - limits: How much may be done at once.
    ///   - processes: Which processes a key's facts are about.
    ///   - program: What they run, if that is known already.
    ///   - facts: Reads them, and may block.
    init(
        limits: Limits = Limits(),
        processes: @escaping @Sendable (Key) -> Set<Int32>,
        program: @escaping @Sendable (Key) -> ProgramFile? = { _ in nil },
        facts: @escaping @Sendable (Key) -> Facts
    ) {
        self.limits = limits
        self.processes = processes
        self.program = program
        self.facts = facts
    }

    /// How many wait for facts now.
    var waiters: Int { state.withLock { $0.waiters } }

    /// Reads, and waits for the result only until the deadline: also in a task that is cancelled, as all are at the daemon's
    /// end, since the record of what was answered then says by it to whom.
    ///
    /// - Parameter key: What to read; a reading of the same key that is already under way is good enough.
    /// - Returns: What was found; nil if it couldn't be looked at.
    func read(_ key: Key) async -> Facts? {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        let found = await timedDespiteCancellation(limits.deadline) {
            // At the deadline.
            await withTaskCancellationHandler {
                await withCheckedContinuation { self.enter(key, number, $0) }
            } onCancel: {
                self.leave(key, number)
            }
        }
        return found ?? nil
    }

    private func enter(_ key: Key, _ number: UInt64, _ waiter: Waiter) {
        let isRoom = state.withLock { state in
            guard state.waiters < limits.waiting, !Task.isCancelled else { return false }
            state.waiters += 1
            if state.jobs[key] == nil {
                state.jobs[key] = Job(processes: processes(key), program: program(key))
                state.line.append(key)
            }
            state.jobs[key]?.waiters[number] = waiter
            return true
        }
        if isRoom { startNext() } else { waiter.resume(returning: nil) }
    }

    private func leave(_ key: Key, _ number: UInt64) {
        let waiter = state.withLock { state -> Waiter? in
            guard let waiter = state.jobs[key]?.waiters.removeValue(forKey: number) else { return nil }
            state.waiters -= 1
            if let job = state.jobs[key], job.start == nil, job.waiters.isEmpty {
                state.jobs[key] = nil
                state.line.removeAll { $0 == key }
            }
            return waiter
        }
        waiter?.resume(returning: nil)
    }

    /// Starts what there is room for.
    private func startNext() {
        for key in state.withLock({ takeStartable(&$0) }) {
            // Each queue has a thread of its own, however many are stuck.
            DispatchQueue(label: "org.keybell.identification.facts").async { self.run(key) }
        }
    }

    private func takeStartable(_ state: inout State) -> [Key] {
        guard !state.line.isEmpty else { return [] }
        let now = ContinuousClock.now
        let running = state.jobs.values.filter { $0.start.map { now - $0 < limits.slow } ?? false }
        let young = running.compactMap(\.start)
        var programs = Set(running.compactMap(\.program))
        let stuck = state.running - young.count
        var room = limits.running + min(stuck, limits.stuck) - state.running
        var started: [Key] = []
        state.line.removeAll { key in
            guard room > 0, let job = state.jobs[key], job.processes.isDisjoint(with: state.busy),
                job.program.map({ programs.insert($0).inserted }) ?? true
            else { return false }
            room -= 1
            state.jobs[key]?.start = now
            state.busy.formUnion(job.processes)
            state.running += 1
            started.append(key)
            return true
        }
        // Nobody tells when a read becomes slow.
        if !state.line.isEmpty, let oldest = young.min() ?? (started.isEmpty ? nil : now) {
            state.alarm = Alarm(after: limits.slow - (now - oldest) + .milliseconds(1)) { [weak self] in
                self?.startNext()
            }
        }
        return started
    }

    private func run(_ key: Key) {
        let found = facts(key)
        let job = state.withLock { state in
            let job = state.jobs.removeValue(forKey: key)
            state.busy.subtract(job?.processes ?? [])
            state.waiters -= job?.waiters.count ?? 0
            state.running -= 1
            return job
        }
        for waiter in job?.waiters.values ?? [:].values { waiter.resume(returning: found) }
        startNext()
    }
}
