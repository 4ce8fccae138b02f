// SPDX-License-Identifier: Apache-2.0

/// When the vaults have been left alone for long enough: by programs, or by the person at the screen.
///
/// A value, as `ScreenState` is. Uses are too many to be told one by one: they are looked up when the alarm fires.
struct IdleClock: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// After how long; nil for never.
    private(set) var limit: Duration?
    private var sessionIdleSince: Instant?
    /// Whether it has been told, and nothing was used since.
    private var isOver = true
    private(set) var alarm: Instant?

    init(limit: Duration?) {
        self.limit = limit
    }

    /// A vault is used for the first time since it was told, or ever.
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
    ///   - isInUse: Whether a vault was used since the last time that it was told, or ever.
    ///   - now: The time.
    mutating func change(limit: Duration?, isInUse: Bool, now: Instant) {
        self.limit = limit
        isOver = true
        alarm = nil
        if isInUse { begin(now: now) }
    }

    /// The session tells since when nobody touches it; nil when somebody does.
    mutating func session(idleSince: Instant?, lastUse: Instant, now: Instant) -> [SessionEvent] {
        sessionIdleSince = idleSince
        return look(lastUse: lastUse, now: now)
    }

    /// Looks whether the time is over.
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
