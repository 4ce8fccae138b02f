// SPDX-License-Identifier: Apache-2.0

import Callers

/// On whose account something is done.
struct Turn: Hashable, Sendable {
    /// The programs, as the kernel vouches for them.
    let programs: Set<String>
    /// The fingerprint of the client's key; empty where it isn't known yet.
    let client: String

    init(of caller: Caller, client: String = "") {
        programs = caller.vouchedIDs
        self.client = client
    }
}

/// Decides whose turn it is, where only a few can have one at once.
///
/// Each program has one turn at a time. The next goes to the program that has gone longest without one, and within it
/// to the client that has. So one that wants a lot keeps nobody else waiting for more than one turn.
struct FairQueue: Sendable {
    typealias Ticket = UInt64

    private let width: Int
    private var count: Ticket = 0
    private var waiting: [(ticket: Ticket, turn: Turn)] = []
    private var running: [Ticket: Turn] = [:]
    /// When each program, and each client, had its last turn, for those that have something here.
    private var lastOfProgram: [String: UInt64] = [:]
    private var lastOfClient: [String: UInt64] = [:]
    private var turns: UInt64 = 0

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
        let busy = running.values.reduce(into: Set<String>()) { $0.formUnion($1.programs) }
        var best: (index: Int, age: (UInt64, UInt64))?
        for (index, other) in waiting.enumerated() where other.turn.programs.isDisjoint(with: busy) {
            let age = (
                other.turn.programs.map { lastOfProgram[$0, default: 0] }.max() ?? 0,
                lastOfClient[other.turn.client, default: 0]
            )
            if best.map({ age < $0.age }) ?? true { best = (index, age) }
        }
        guard let best else { return nil }
        let (ticket, turn) = waiting.remove(at: best.index)
        turns += 1
        for program in turn.programs { lastOfProgram[program] = turns }
        lastOfClient[turn.client] = turns
        running[ticket] = turn
        return ticket
    }

    /// A turn is over.
    mutating func leave(_ ticket: Ticket) {
        running[ticket] = nil
        let present = waiting.map(\.turn) + running.values
        let programs = present.reduce(into: Set<String>()) { $0.formUnion($1.programs) }
        let clients = Set(present.map(\.client))
        lastOfProgram = lastOfProgram.filter { programs.contains($0.key) }
        lastOfClient = lastOfClient.filter { clients.contains($0.key) }
    }
}
