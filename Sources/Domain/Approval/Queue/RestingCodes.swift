// SPDX-License-Identifier: Apache-2.0

/// The codes of requests that have ended, for as long as none of them may be used again, whatever else is still known
/// of them.
struct RestingCodes: Sendable {
    /// How many there are at most: some more than a flood can end within the hour, a twelfth of all.
    static let most = 65_536

    private var ends: [String: ApprovalQueue.Instant] = [:]
    /// The same in the order in which they ended, from `first` on.
    private var order: [(code: String, at: ApprovalQueue.Instant)] = []
    private var first = 0

    /// The one that has rested longest, and isn't among these.
    func longest(butFor busy: Set<String>) -> String? {
        order[first...].first { !busy.contains($0.code) }?.code
    }

    func contains(_ code: String) -> Bool { ends[code] != nil }

    mutating func insert(_ code: String, at now: ApprovalQueue.Instant) {
        ends[code] = now
        order.append((code, now))
        if order.count - first > Self.most { dropFirst() }
    }

    /// Forgets those that ended no later than this.
    mutating func drop(until end: ApprovalQueue.Instant) {
        while first < order.count, order[first].at <= end { dropFirst() }
    }

    private mutating func dropFirst() {
        let (code, at) = order[first]
        // It may have been used again, should a flood have used codes up.
        if ends[code] == at { ends[code] = nil }
        first += 1
        if first > order.count / 2 {
            order.removeFirst(first)
            first = 0
        }
    }
}
