// SPDX-License-Identifier: Apache-2.0

/// Whether the screen is locked, according to several services: it is enough if one of them says so.
///
/// A value: each method takes what was heard and the time, and returns what is to be reported.
struct ScreenState: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Who says that the screen is locked.
    enum Witness: Hashable, Sendable {
        /// A screen saver service, by its bus name.
        case screenSaver(String)
        /// logind's `LockedHint` of a session, by its object path.
        case session(String)
    }

    /// How long a mere request to lock counts as a lock.
    ///
    /// Lockers that say nothing about themselves (swaylock, i3lock) would otherwise seem to be there for ever, and
    /// nothing would be shown any more.
    static let requestHolds = Duration.seconds(10)

    private var witnesses: Set<Witness> = []
    private var requestedUntil: Instant?
    private(set) var isLocked = false

    /// When `tick` is due.
    var alarm: Instant? { requestedUntil }

    /// A service has reported on the screen or the session.
    mutating func heard(_ witness: Witness, isLocked: Bool) -> [SessionEvent] {
        if isLocked {
            witnesses.insert(witness)
            // From here on somebody reports when it ends.
            requestedUntil = nil
        } else {
            witnesses.remove(witness)
        }
        return settle()
    }

    /// Somebody asks for the session to be locked (logind's `Lock`); whether anyone does it is yet to be seen.
    mutating func lockRequested(now: Instant) -> [SessionEvent] {
        if witnesses.isEmpty { requestedUntil = now + Self.requestHolds }
        return settle()
    }

    /// Somebody asks for the session to be unlocked (logind's `Unlock`).
    mutating func unlockRequested() -> [SessionEvent] {
        requestedUntil = nil
        return settle()
    }

    /// A time is up.
    mutating func tick(now: Instant) -> [SessionEvent] {
        if let until = requestedUntil, until <= now { requestedUntil = nil }
        return settle()
    }

    private mutating func settle() -> [SessionEvent] {
        let locked = !witnesses.isEmpty || requestedUntil != nil
        guard locked != isLocked else { return [] }
        isLocked = locked
        return [locked ? .screenLocked : .screenUnlocked]
    }
}
