// SPDX-License-Identifier: Apache-2.0

/// Which deliveries the person is told about: one per client and host within a while.
struct DeliveryNotices: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Pair: Hashable {
        let client: String
        let host: String?
    }

    private let interval: Duration
    private var last: [Pair: Instant] = [:]

    init(interval: Duration) {
        self.interval = interval
    }

    /// Whether this one is to be announced; if so, the next ones aren't for a while.
    ///
    /// What the person was just asked about isn't announced, nor is what follows it within that while.
    mutating func admit(client: String, host: String?, wasAsked: Bool = false, now: Instant) -> Bool {
        last = last.filter { $0.value + interval > now }
        let pair = Pair(client: client, host: host)
        guard last[pair] == nil || wasAsked else { return false }
        last[pair] = now
        return !wasAsked
    }
}
