// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools

/// Has mutes kept for the daemon after this one, each time that they are others.
struct KeptMutes {
    private let keep: @Sendable ([KeptMute]) -> Void
    private var last: [MutedProgram: Quiet] = [:]

    init(by keep: @escaping @Sendable ([KeptMute]) -> Void) {
        self.keep = keep
    }

    /// These are kept already.
    mutating func noteKept(in queue: ApprovalQueue) {
        last = queue.mutes
    }

    /// Has them kept if some have begun, or ended by the person's word.
    mutating func tell(of queue: ApprovalQueue, at now: ContinuousClock.Instant, _ times: RequestTimes) {
        guard queue.mutes != last else { return }
        last = queue.mutes
        let now = ApprovalQueue.ClockReading(instant: now, unix: CalendarTime.now)
        keep(queue.keptMutes(now: now) { times[$0]?.unix })
    }
}
