// SPDX-License-Identifier: Apache-2.0

/// When the vaults have been left alone for long enough: by programs, or by the person at the screen.
///
/// A value, like `ScreenState`. There are too many uses to report each: they are looked up when the alarm fires.
struct IdleClock: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// After how long; nil for never.
    private(set) var limit: Duration?
    private var sessionIdleSince: Instant?
    /// Whether idleness has been reported, and nothing was used since.
    private var isOver = true
    private(set) var alarm: Instant?

    init(limit: Duration?) {
        self.limit = limit
    }

    /// A vault is used for the first time since idleness was reported, or ever.
    mutating func begin(now: Instant) {
        guard let limit, isOver else { return }
        isOver = false
        alarm = now + limit
        if let sessionIdleSince { alarm = min(now + limit, max(now, sessionIdleSince + limit)) }
    }

    /// Another limit holds from now on; the person has just been there.
    ///
    /// - Parameters:
    ///   - limit: After how long; nil for never.
    ///   - isInUse: Whether a vault was used since idleness was last reported, or ever.
    ///   - now: The time.
    mutating func change(limit: Duration?, isInUse: Bool, now: Instant) {
        self.limit = limit
        isOver = true
        alarm = nil
        if isInUse { begin(now: now) }
    }

    /// The session reports since when nobody has touched it; nil when somebody does.
    mutating func session(idleSince: Instant?, lastUse: Instant, now: Instant) -> [SessionEvent] {
        sessionIdleSince = idleSince
        return look(lastUse: lastUse, now: now)
    }

    /// Checks whether the time is up.
    mutating func look(lastUse: Instant, now: Instant) -> [SessionEvent] {
        guard let limit, !isOver else { return [] }
        let due = [lastUse + limit, sessionIdleSince.map { $0 + limit }].compactMap(\.self).min() ?? now
        guard due <= now else {
            alarm = due
            return []
        }
        isOver = true
        alarm = nil
        return [.idle]
    }
}
