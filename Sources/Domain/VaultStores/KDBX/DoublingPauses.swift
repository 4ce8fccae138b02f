// SPDX-License-Identifier: Apache-2.0

/// The pauses between tries of something that may fail for long: each is twice the one before, up to a longest one.
struct DoublingPauses {
    private var upcoming: Duration
    private let longest: Duration

    /// Pauses that begin with this one.
    init(from first: Duration, upTo longest: Duration) {
        (upcoming, self.longest) = (first, longest)
    }

    /// The pause before the next try.
    mutating func next() -> Duration {
        defer { upcoming = min(upcoming * 2, longest) }
        return upcoming
    }
}
