// SPDX-License-Identifier: Apache-2.0

import Approval

/// What `NotificationAnswerer` is to do after an event that `NotificationState` was told of. (Actions are buttons, in the
/// specification of notifications.)
enum NotificationEffect: Sendable, Equatable {
    /// Find the server and have `compose` write the notification for this ticket.
    case post(ticket: UInt64)
    /// Send a server something of no consequence, so that it draws what waits.
    case nudge(peer: String)
    /// Take a notification away.
    case close(id: UInt32, peer: String)
    /// The person has answered.
    case answer(code: String, Decision, Choices, Surface)
    /// A request that was clicked away has been asked again and is shown once more.
    case tellShownAgain(code: String)
    /// Nobody shows notifications; logged once.
    case tellMissing
    /// The server took a notification away before anybody could have read it; logged once for each server.
    case tellHidden
    /// The server didn't accept a notification; logged once for each request.
    case tellRefused(code: String, reason: String)
    /// A button was pressed that Keybell didn't put there: another program has replaced the notification.
    case tellReplaced(code: String)
    /// Buttons are pressed before anybody can have read them; logged once for each server.
    case tellAbandoned(code: String)
}
