// SPDX-License-Identifier: Apache-2.0

import Callers

/// On whose account something is done.
struct Turn: Hashable, Sendable {
    /// The programs, as the kernel vouches for them.
    let programs: ChargedPrograms
    /// The fingerprint of the client's key; empty where it isn't known yet.
    let client: String

    init(of caller: Caller, client: String = "") {
        programs = ChargedPrograms(of: caller)
        self.client = client
    }
}

/// Decides whose turn it is, where only a few can have one at once.
///
/// Each program has one turn at a time, and at most one more that it shares with others. The next goes to the program
/// that has gone longest without one, and within it to the client that has. So one that wants a lot never keeps others
/// waiting for more than one turn.
struct FairQueue: Sendable {
    typealias Ticket = UInt64

    private let width: Int
    private var count: Ticket = 0
    private var waiting: [(ticket: Ticket, turn: Turn)] = []
    private var running: [Ticket: Turn] = [:]
    /// When each set of programs, and each client, had its last turn, for those that have something queued or running.
    private var lastOfPrograms: [ChargedPrograms: UInt64] = [:]
    private var lastOfClient: [String: UInt64] = [:]
    private var turnCount: UInt64 = 0

    /// - Parameter width: How many have a turn at once.
    init(width: Int) {
        self.width = width
    }

    /// How many wait for their turn.
    var waitingCount: Int { waiting.count }

    /// Somebody wants a turn.
    mutating func join(_ turn: Turn) -> Ticket {
        count += 1
        waiting.append((count, turn))
        return count
    }

    /// Who has a turn from now on; nil if nobody may yet.
    mutating func next() -> Ticket? {
        guard running.count < width else { return nil }
        let busy = Set(running.values.map(\.programs))
        var best: (index: Int, age: (UInt64, UInt64))?
        for (index, other) in waiting.enumerated() {
            let programs = other.turn.programs
            guard !busy.contains(where: programs.isCharged) else { continue }
            let age = (
                lastOfPrograms.lazy.filter { programs.isCharged(for: $0.key) }.map(\.value).max() ?? 0,
                lastOfClient[other.turn.client, default: 0]
            )
            if best.map({ age < $0.age }) ?? true { best = (index, age) }
        }
        guard let best else { return nil }
        let (ticket, turn) = waiting.remove(at: best.index)
        turnCount += 1
        lastOfPrograms[turn.programs] = turnCount
        lastOfClient[turn.client] = turnCount
        running[ticket] = turn
        return ticket
    }

    /// A turn is over.
    mutating func leave(_ ticket: Ticket) {
        running[ticket] = nil
        let present = waiting.map(\.turn) + running.values
        let programs = Set(present.map(\.programs))
        let clients = Set(present.map(\.client))
        lastOfPrograms = lastOfPrograms.filter { last in programs.contains { $0.isCharged(for: last.key) } }
        lastOfClient = lastOfClient.filter { clients.contains($0.key) }
    }
}
