// SPDX-License-Identifier: Apache-2.0

/// What anybody can have happen as often as they like: told once, and then once in a while how often it was.
package struct RareNotice: Sendable {
    /// How long it isn't told again.
    package static let pause: Duration = .seconds(60)

    private var next: ContinuousClock.Instant?
    private var count = 0

    /// It hasn't happened yet.
    package init() {}

    /// Whether it is told at once when it happens the next time.
    package func isRested(at now: ContinuousClock.Instant) -> Bool { next.map { $0 <= now } ?? true }

    /// Counts it once.
    ///
    /// - Returns: How often it happened since it was told; nil where it is not to be told now.
    package mutating func take(at now: ContinuousClock.Instant) -> Int? {
        count += 1
        if let next, now < next { return nil }
        defer { count = 0 }
        next = now + Self.pause
        return count
    }
}
