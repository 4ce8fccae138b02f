// SPDX-License-Identifier: Apache-2.0

/// What anybody can have happen as often as they like: told once, and then once in a while how often it was.
struct RareNotice {
    /// How long it isn't told again.
    static let pause: Duration = .seconds(60)

    private var next: ContinuousClock.Instant?
    private var count = 0

    /// Counts it once.
    ///
    /// - Returns: How often it happened since it was told; nil where it is not to be told now.
    mutating func take(at now: ContinuousClock.Instant) -> Int? {
        count += 1
        if let next, now < next { return nil }
        defer { count = 0 }
        next = now + Self.pause
        return count
    }
}
