// SPDX-License-Identifier: Apache-2.0

/// What happens to requests, for whoever shows them.
package enum ApprovalEvent: Sendable, Hashable {
    /// A request is to be shown. One that was held for a locked screen is announced at the unlock; one that may have
    /// been closed and was then asked again is announced once more.
    case added(PendingRequest)
    /// A request has ended, with all that is known of it, for whoever shows it or records it. `isHeard` is false where
    /// nobody had been told of it because the screen was locked.
    case ended(RecentRequest, isHeard: Bool)
    /// What was decided for more than once is kept, or could not be for as long as it was meant (`keepTrouble`). Sent
    /// after the end of a request that `isBeingKept` then.
    case kept(RecentRequest)
    /// What was allowed could not be carried out (`failure`). Sent after the end of the request.
    case failed(RecentRequest)
    /// The built-in notifier is to show this one.
    case notifierShows(PendingRequest)
    /// One that the built-in notifier shows has been asked again: it comes back if it was clicked away.
    case notifierShowsAgain(PendingRequest)
    /// The built-in notifier is to take this one away; it goes on waiting.
    case notifierHides(code: String)
    /// The agents are these.
    case agentsChanged([AgentInfo])
    /// An exclusive agent shows requests from now on.
    case agentTookOver(AgentInfo)
}
