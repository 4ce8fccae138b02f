// SPDX-License-Identifier: Apache-2.0

import Callers

// Who is shown, and who waits for a turn: `ApprovalLimits` says how many, `DisplayOrder` who is next.
extension ApprovalQueue {
    /// Whether one more question of a program can be shown, or at least wait for its turn.
    func isRoom(for caller: Caller) -> Bool {
        isRoom(for: caller, hasTurn: true, perProgram: limits.perProgram, total: limits.total)
            || isRoom(
                for: caller,
                hasTurn: false,
                perProgram: limits.waitingPerProgram,
                total: limits.waitingTotal
            )
    }

    private func isRoom(for caller: Caller, hasTurn: Bool, perProgram: Int, total: Int) -> Bool {
        let others = waiting.filter { $0.hasTurn == hasTurn }
        return others.count < total
            && ChargedPrograms(of: caller).haveRoom(beside: others.map(\.programs), limit: perProgram)
    }

    /// Shows those that have a place now; to be called whenever who waits has changed.
    mutating func giveTurns(now: Instant) -> [ApprovalAction] {
        holds.removeAll { $0.until <= now }
        var actions: [ApprovalAction] = []
        while let index = displayOrder.next(in: waiting, after: holds, limits: limits) {
            waiting[index].hasTurn = true
            displayOrder.give(to: waiting[index], among: waiting)
            // Behind a locked screen it has been held since it came.
            if !isScreenLocked { actions += announce(index, now: now) }
        }
        return actions
    }

    /// The request's time begins: tells everybody, and gives exclusive agents their moment to show it.
    mutating func announce(_ index: Int, now: Instant) -> [ApprovalAction] {
        waiting[index].deadline = now + limits.timeout
        if agents.contains(where: { $0.isExclusive && $0.mayAnswer(waiting[index]) }) {
            waiting[index].agentGrace = now + limits.agentGrace
        }
        var actions: [ApprovalAction] = []
        if !waiting[index].isAnnounced {
            actions.append(added(index, now: now))
        }
        return actions + settle(index, now: now)
    }

    /// The request of a code, where it has had its turn: the code of one that still waits for it is known to nobody.
    func indexOfShown(_ code: String?) -> Int? {
        waiting.firstIndex { $0.code == code && $0.hasTurn }
    }
}
