// SPDX-License-Identifier: Apache-2.0

import Callers
import ConcurrencyTools

/// The searches that run and those that wait for their turn, and how many each program and each client has of them.
actor SearchQueue: MainLoopActor {
    /// How many of one client, and of one program, may be there at once: no person starts more, and each may take its
    /// whole time.
    static let (mostOfClient, mostOfProgram) = (4, 8)

    private let workQueue = FairWorkQueue(label: "org.keybell.search")
    private var running: [Turn: Int] = [:]
    /// What all searches so far have cost: each text that was looked at, each step of a pattern.
    private(set) var work = 0

    /// How many wait for their turn.
    var waitingCount: Int { get async { await workQueue.waitingCount } }

    /// Does a part of a search when it is its turn; nil where its client, or its program, has all of its places already.
    func run<Value: Sendable>(
        for turn: Turn,
        _ job: @escaping @Sendable () async -> (Value, work: Int)
    ) async -> Value? {
        guard count({ $0.client == turn.client }) < Self.mostOfClient,
            turn.programs.haveRoom(
                for: 1,
                beside: running.lazy.map { ($0.key.programs, $0.value) },
                limit: Self.mostOfProgram
            )
        else { return nil }
        running[turn, default: 0] += 1
        let (value, work) = await workQueue(for: turn, job)
        let left = running[turn, default: 1] - 1
        running[turn] = left > 0 ? left : nil
        self.work += work
        return value
    }

    private func count(_ isCounted: (Turn) -> Bool) -> Int {
        running.reduce(0) { isCounted($1.key) ? $0 + $1.value : $0 }
    }
}
