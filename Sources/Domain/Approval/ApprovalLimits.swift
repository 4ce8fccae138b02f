// SPDX-License-Identifier: Apache-2.0

/// Every time and count of the approval queue and of the notifier, in one table.
package struct ApprovalLimits: Sendable, Equatable {
    /// How long a request waits for an answer.
    package var timeout = Duration.seconds(120)
    /// How long an allow answers the same question again, unless a reply was delivered before.
    package var retry = Duration.seconds(60)
    /// How long an unlock that was allowed keeps others behind it, for each thing that it is to open: longer than whatever
    /// asks for the password does, with every attempt.
    package var unlocking = Duration.seconds(600)
    /// How long whoever answers waits for the keyring to store what is decided for always.
    package var keeping = Duration.seconds(10)
    /// The longest time for which the person can mute a program, in seconds; the bus interface says so, too.
    static let longestMute: UInt32 = 86_400
    /// How long a denied question is denied unseen.
    package var quiet = Duration.seconds(30)
    /// How many requests of one program are shown at once.
    package var perProgram = 3
    /// How many requests are shown at once in all.
    package var total = 16
    /// How many more of one program wait for their turn.
    package var waitingPerProgram = 16
    /// How many wait for their turn in all.
    package var waitingTotal = 64
    /// How many different askers can wait for the answer to one question.
    package var joined = 256
    /// How many of one program can wait for answers at the same time, to whatever questions.
    package var askersPerProgram = 64
    /// How many agents there may be.
    package var agents = 32
    /// How many agents of one process keep their places once the limit is reached.
    package var agentsPerProcess = 4
    /// How many characters an agent's name may have.
    package var agentName = 64
    /// How long a request waits while the screen is locked, before its deadline starts.
    package var screenHold = Duration.seconds(600)
    /// How long an exclusive agent may take to confirm that it shows a request.
    package var agentGrace = Duration.seconds(3)
    /// How long the code of an ended request isn't used again, and how long `requests --recent` goes back.
    package var codeRest = Duration.seconds(3600)
    /// How many ended requests `requests --recent` shows at most.
    package var recentCount = 50
    /// How many ended requests are remembered at most, should a program make them by the thousand, and how many bytes they
    /// may take together.
    package var endedCount = 4096
    package var endedBytes = 4 << 20
    /// How many of them are withdrawn ones of the same program.
    package var withdrawnPerProgram = 16
    /// How many entries stand in a request's details; the rest is fetched.
    package var entriesInDetails = 20
    /// Kinds of which an allow counts only once the person has confirmed it in a window that no program can answer.
    package var confirmedKinds: Set<ApprovalKind> = []
    /// How long whoever allows waits for the window that confirms it to fail.
    package var confirmationStart = Duration.seconds(3)
    /// The notifier: an allow so soon after showing, or after anything on the screen moved, was meant for something else.
    package var hasty = Duration.milliseconds(700)
    /// The notifier, where not all notifications are drawn at once: how long after one has gone the next is drawn at the
    /// latest.
    package var drawing = Duration.milliseconds(1300)
    /// The notifier, where a question may stay undrawn when another program's notification has gone: how long after
    /// that the server is made to draw it.
    package var nudge = Duration.milliseconds(300)
    /// The notifier, where one notification is drawn at a time: how long another program's may keep a question from
    /// being drawn before that is reported.
    package var banner = Duration.milliseconds(5300)
    /// How long before a request that is asked again is announced on the bus once more; for the notifier, before a
    /// notification comes back, or another takes its place.
    package var pause = Duration.seconds(1)
    /// The notifier: how often a press that came too early has its request shown again.
    package var earlyPresses = 3
    /// The notifier: how often a request is shown again that the server lets expire.
    package var expiries = 20
    /// The notifier: when a refused `Notify` is tried again, before it waits until another notification closes.
    package var refusedNotify = [Duration.seconds(1), .seconds(5), .seconds(15)]
    /// The notifier: how long after its server has left a question is shown anew, for which the bus may start another; the
    /// next pause each time that one leaves, too.
    package var serverRetries = [Duration.seconds(1), .seconds(5), .seconds(15)]
    /// The notifier: how long a server has to stay before its leaving counts as the first again.
    package var steadyServer = Duration.seconds(60)
    /// The notifier with `dismiss = "deny"`: how long after a dismissal a button's signal may still come.
    package var dismissal = Duration.milliseconds(500)
    /// The notifier: how many requests have a notification each before the rest is counted in one.
    package var notifications = 3
    /// The notifier: how often a delivery to the same client and host is announced.
    package var deliveryNotice = Duration.seconds(60)

    /// A notification's body: how many entries are named before the rest is counted.
    package var entriesInBody = 5

    /// The defaults.
    package init() {}
}
