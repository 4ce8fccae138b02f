// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Logging

/// What the operations of all successive handlers share.
///
/// No operation sees all of it: ``RequestOperations`` gives each what that needs.
struct HandlerParts: Sendable {
    var clients: any ClientStore
    var grants: any GrantStore
    var approvals: ApprovalBroker
    var logger: Logger
    /// The time in seconds since 1970, for what expires.
    var now: @Sendable () -> Int64
    /// Hears of logins that have reached a client.
    var tellDelivery: @Sendable (Delivery) async -> Void
    /// Keeps a record of what was done.
    var audit: Recorder
    /// Hears of every use of a vault that something allows; what a client can do by itself is none.
    var used: @Sendable () -> Void
    var saves = SaveResults()
    var counterLine = CounterCodes.Line()
    var unlockOffers = UnlockOffers()
    var unlocks = AllowedUnlocks()
    var searches = SearchQueue()
    var messages = MessageCoder()
    var replies = ReplyBudget()
    /// What follows the answers.
    var followUps = FollowUpTasks()
    /// What is told about requests.
    var notices = RareNotices()
    /// How long a signed test-associate is held while something is being unlocked for it.
    var testAssociateHold: Duration = .seconds(15)
}
