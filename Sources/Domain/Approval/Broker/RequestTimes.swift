// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools

/// When a request was made, by the boot-time clock and by the calendar.
struct RequestTime {
    let instant: ApprovalQueue.Instant
    /// In seconds since 1970.
    let unix: Int64

    /// The calendar time of an instant, steady for this request even if the calendar is set meanwhile.
    func unix(of other: ApprovalQueue.Instant) -> UInt64 {
        UInt64(clamping: unix + (other - instant).components.seconds)
    }
}

/// When each request was made that waits or has ended.
struct RequestTimes {
    private var times: [String: RequestTime] = [:]

    subscript(code: String) -> RequestTime? { times[code] }

    /// Notes the requests that have come, and forgets those that nobody knows any more.
    mutating func note(_ queue: ApprovalQueue) {
        for request in queue.waiting where times[request.code]?.instant != request.created {
            times[request.code] = RequestTime(instant: request.created, unix: CalendarTime.now)
        }
        guard times.count > queue.waiting.count + queue.ended.count else { return }
        let known = Set(queue.waiting.map(\.code)).union(queue.ended.map(\.code))
        times = times.filter { known.contains($0.key) }
    }

    /// Notes one that an earlier daemon was asked.
    mutating func note(_ code: String, _ time: RequestTime) {
        times[code] = times[code] ?? time
    }
}
