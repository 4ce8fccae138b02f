// SPDX-License-Identifier: Apache-2.0

/// What happens to the person's session that matters to whatever keeps their secrets.
package enum SessionEvent: Hashable, Sendable {
    /// The screen was locked, or is about to be.
    case screenLocked
    /// The person is back.
    case screenUnlocked
    /// The computer is about to sleep; it waits until this has been handled, a few seconds at most.
    case goesToSleep
    /// It has woken up.
    case wokeUp
    /// Nobody has used the vaults, or the session, for as long as the person has set.
    case idle
}
