// SPDX-License-Identifier: Apache-2.0

import Callers

/// Whose turn it is to be shown: the oldest question of the program that has gone longest without a turn.
///
/// So one program that asks a lot doesn't keep others' questions from being shown.
struct DisplayOrder: Sendable {
    private var count: UInt64 = 0
    /// When each program, or several at one connection, had its last turn, for those that have something waiting.
    private var last: [ChargedPrograms: UInt64] = [:]

    /// The index of the request that is to be shown next; nil while there is no place for any that waits for its turn.
    func next(in waiting: [WaitingRequest], after holds: [UnlockHold], limits: ApprovalLimits) -> Int? {
        let shown = waiting.filter(\.hasTurn).map(\.programs)
        guard shown.count < limits.total, shown.count < waiting.count else { return nil }
        // Many may have joined one unlock.
        var known: [ChargedPrograms: UInt64?] = [:]
        var best: (turn: UInt64, index: Int)?
        for (index, request) in waiting.enumerated()
        where !request.hasTurn && !waiting.contains(where: request.isBehind)
            && !holds.contains(where: request.isBehind)
        {
            // An unlock that others have joined has its turn as soon as it would be one of theirs.
            let lastTurns = request.callers.compactMap { caller -> UInt64? in
                let programs = ChargedPrograms(of: caller)
                if let turn = known[programs] { return turn }
                let isRoom = programs.haveRoom(beside: shown, limit: limits.perProgram)
                let turn = last.lazy.filter { programs.isCharged(for: $0.key) }.map(\.value).max() ?? 0
                known[programs] = .some(isRoom ? turn : nil)
                return isRoom ? turn : nil
            }
            guard let turn = lastTurns.min() else { continue }
            if let best, best.turn <= turn { continue }
            best = (turn, index)
        }
        return best?.index
    }

    /// The request has its turn now; programs that have nothing waiting any more are forgotten.
    mutating func give(to request: WaitingRequest, among waiting: [WaitingRequest]) {
        count += 1
        for caller in request.callers { last[ChargedPrograms(of: caller)] = count }
        let present = Set(waiting.flatMap(\.callers).map(ChargedPrograms.init))
        last = last.filter { present.contains($0.key) }
    }
}
