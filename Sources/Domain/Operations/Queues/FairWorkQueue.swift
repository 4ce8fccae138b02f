// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools

/// Work that takes long, done off the serving thread, two at a time and in fair turns.
actor FairWorkQueue: MainLoopActor {
    private static let width = 2

    private var line = FairQueue(width: FairWorkQueue.width)
    private var waiting: [FairQueue.Ticket: CheckedContinuation<Void, Never>] = [:]
    private var free: [TaskQueue]

    /// Work on queues of this name.
    init(label: String) {
        free = (1...Self.width).map { TaskQueue(label: "\(label).\($0)") }
    }

    /// How many wait for their turn.
    var waitingCount: Int { line.waitingCount }

    /// Does something when it is its turn, and waits for it.
    func callAsFunction<Value: Sendable>(
        for turn: Turn,
        _ job: @escaping @Sendable () async -> Value
    ) async -> Value {
        let ticket = line.join(turn)
        await withCheckedContinuation { continuation in
            waiting[ticket] = continuation
            giveTurns()
        }
        // There are as many of them as there can be turns at once.
        let queue = free.popLast() ?? TaskQueue(label: "org.keybell.work")
        let value = await Task(executorPreference: queue) { await job() }.value
        free.append(queue)
        line.leave(ticket)
        giveTurns()
        return value
    }

    private func giveTurns() {
        while let ticket = line.next() { waiting.removeValue(forKey: ticket)?.resume() }
    }
}
