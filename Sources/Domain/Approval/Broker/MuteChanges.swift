// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools

/// Has mutes kept for the next daemon, each time that they change.
struct MuteChanges {
    private let keep: @Sendable ([StoredMute]) -> Void
    private var known: [MutedProgram: Quiet] = [:]
    private var kept: [StoredMute] = []

    init(by keep: @escaping @Sendable ([StoredMute]) -> Void) {
        self.keep = keep
    }

    /// These are kept already.
    mutating func noteKept(
        in queue: ApprovalQueue,
        at now: ApprovalQueue.ClockReading,
        _ times: RequestTimes
    ) {
        known = queue.mutes
        kept = queue.storedMutes(now: now) { times[$0]?.unix }
    }

    /// Has them kept if some have begun, or ended by the person's word.
    mutating func tell(
        of queue: ApprovalQueue,
        at now: ApprovalQueue.ClockReading,
        _ times: RequestTimes
    ) {
        guard queue.mutes != known else { return }
        noteKept(in: queue, at: now, times)
        keep(kept)
    }

    /// Has them kept if more has been denied unseen since: that isn't written each time.
    mutating func tellLast(
        of queue: ApprovalQueue,
        at now: ApprovalQueue.ClockReading,
        _ times: RequestTimes
    ) {
        let former = Dictionary(kept.map { ($0.code, $0.unseen) }) { first, _ in first }
        noteKept(in: queue, at: now, times)
        // Times by themselves differ by a second from one reading to the next.
        if kept.contains(where: { former[$0.code] != $0.unseen }) { keep(kept) }
    }
}
