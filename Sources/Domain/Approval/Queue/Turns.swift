// SPDX-License-Identifier: Apache-2.0

import Callers

/// Whose turn it is to be shown: the oldest question of the program that has gone longest without a turn.
///
/// So one program that asks a lot keeps nobody else from being asked about.
struct Turns: Sendable {
    private var count: UInt64 = 0
    /// When each program had its last turn, for those that have something waiting.
    private var last: [String: UInt64] = [:]

    /// The index of the request that is to be shown next; nil while there is no place for any that waits for its turn.
    func next(in waiting: [WaitingRequest], limits: ApprovalLimits) -> Int? {
        var shown: [String: Int] = [:]
        var total = 0
        for request in waiting where request.hasTurn {
            for program in request.vouchedIDs { shown[program, default: 0] += 1 }
            total += 1
        }
        guard total < limits.total, total < waiting.count else { return nil }
        var best: (turn: UInt64, index: Int)?
        for (index, request) in waiting.enumerated() where !request.hasTurn {
            // An unlock that others have joined has its turn as soon as it would be one of theirs.
            let turns = request.callers.compactMap { caller -> UInt64? in
                let programs = caller.vouchedIDs
                guard programs.allSatisfy({ shown[$0, default: 0] < limits.perProgram }) else { return nil }
                return programs.map { last[$0, default: 0] }.max()
            }
            guard let turn = turns.min() else { continue }
            if let best, best.turn <= turn { continue }
            best = (turn, index)
        }
        return best?.index
    }

    /// The request has its turn now; programs that have nothing waiting any more are forgotten.
    mutating func give(to request: WaitingRequest, among waiting: [WaitingRequest]) {
        count += 1
        for caller in request.callers {
            for program in caller.vouchedIDs { last[program] = count }
        }
        let callers = waiting.flatMap(\.callers)
        let present = callers.reduce(into: Set<String>()) { $0.formUnion($1.vouchedIDs) }
        last = last.filter { present.contains($0.key) }
    }
}
