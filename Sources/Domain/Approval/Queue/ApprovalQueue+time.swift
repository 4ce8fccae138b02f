// SPDX-License-Identifier: Apache-2.0

import Callers

extension ApprovalQueue {
    /// A deadline has come.
    mutating func tick(now: Instant) -> [ApprovalAction] {
        var actions = end(.expired, now: now) { $0.deadline.map { $0 <= now } ?? false }
        for index in waiting.indices {
            actions += settle(index, now: now) + retellIfDue(index, now: now)
        }
        return actions
    }

    /// A process has ended: what only ended processes wait for is withdrawn.
    mutating func processEnded(_ process: ProcessIdentity, now: Instant) -> [ApprovalAction] {
        for index in waiting.indices {
            waiting[index].living.remove(process)
        }
        // There may be thousands of them.
        let hasLeft = { (request: WaitingRequest) in request.living.isEmpty && !request.outlivesProcesses }
        return waiting.contains(where: hasLeft) ? end(.withdrawn, now: now, where: hasLeft) : []
    }

    /// The screen was locked or unlocked.
    ///
    /// While it is locked nothing is shown; what waits gets its whole time once the person is back, and what waits for its
    /// turn has no deadline until then.
    mutating func screen(isLocked: Bool, now: Instant) -> [ApprovalAction] {
        guard isLocked != isScreenLocked else { return [] }
        isScreenLocked = isLocked
        var actions: [ApprovalAction] = []
        for index in waiting.indices {
            if isLocked {
                waiting[index].deadline = now + limits.screenHold
                waiting[index].agentGrace = nil
                actions += settle(index, now: now)
            } else if waiting[index].hasTurn {
                actions += announce(index, now: now) + retellIfDue(index, now: now)
            } else {
                waiting[index].deadline = nil
            }
        }
        return actions
    }

    /// The daemon stops: everybody gets an answer, and so does whoever comes later.
    mutating func shutDown(now: Instant) -> [ApprovalAction] {
        isShutDown = true
        return end(.withdrawn, now: now) { _ in true }
    }
}
