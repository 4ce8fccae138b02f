// SPDX-License-Identifier: Apache-2.0

import Callers
import DisplayText
import Linux

/// Somebody who waits for an answer, and what they asked.
struct WaitingAsker: Sendable {
    let id: AskerID
    let request: ApprovalRequest
}

/// A request that waits for its answer.
struct WaitingRequest: Sendable {
    let code: String
    let request: ApprovalRequest
    let created: ApprovalQueue.Instant
    /// When it expires; nil while it waits for its turn.
    var deadline: ApprovalQueue.Instant?
    /// Whether it has had its turn: it is shown, or will be when the screen is unlocked.
    var hasTurn = false
    /// Who is listening; may be empty, since clients give up sooner than people answer.
    private(set) var askers: [WaitingAsker]
    /// Whose question is the one that is shown.
    let firstAsker: AskerID
    /// Everybody who has asked, whether still listening or not: none of them may answer.
    var callers: [Caller]
    /// Who had their connections when somebody looked last for an answer, and all that had them at any such look.
    private var laterCallers: [SocketOwner: Caller] = [:]
    private var laterHolders: [SocketOwner: Set<ProcessIdentity>] = [:]
    /// Every form in which it was asked.
    var questions: Set<QuestionKey>
    /// What is denied without being shown after a denial of this.
    ///
    /// An associate that has joined an overwrite goes back to being asked, so it isn't among them.
    var quietKeys: Set<QuietKey>
    /// The asking processes that haven't ended.
    var living: LivingProcesses
    /// Whether some asker's process is unknown, so that nobody can tell that all have gone.
    var outlivesProcesses: Bool
    /// Unlock: what has been opened by other means since; nil is the keyring.
    private var opened: Set<String?> = []
    /// Whether the bus has heard of it.
    var isAnnounced = false
    /// When the bus has heard of it last, and when it is to hear of it once more, since it was asked again meanwhile.
    var toldAt: ApprovalQueue.Instant?
    var retellingDue: ApprovalQueue.Instant?
    /// Whether the built-in notifier shows it.
    var isOnNotifier = false
    /// Until when an exclusive agent may confirm that it shows it.
    var agentGrace: ApprovalQueue.Instant?
    /// The agents that show it, by bus name.
    var shownBy: Set<String> = []
    /// The allow that the person is being asked to confirm.
    var confirming: Confirming?
    /// Why the last allow could not be confirmed, until another is made.
    var confirmationTrouble: ConfirmationError?
    /// Whether an agent has confirmed that it showed it.
    var wasSeenAtAgent = false
    /// Whether the notifier has had it on the screen, for all that it knows.
    var wasSeenOnNotifier = false
    /// Whether nobody was left at the askers' connections when it was answered.
    var isAbandoned = false
    /// Whether anybody could have seen it.
    var wasSeen: Bool { wasSeenAtAgent || wasSeenOnNotifier }

    init(code: String, request: ApprovalRequest, asker: AskerID, now: ApprovalQueue.Instant) {
        self.code = code
        self.request = request
        created = now
        askers = [WaitingAsker(id: asker, request: request)]
        firstAsker = asker
        callers = [request.caller]
        questions = [QuestionKey(request)]
        quietKeys = QuietKey.all(of: request)
        living = LivingProcesses(request.caller.holders)
        outlivesProcesses = !request.caller.isKnown
    }

    /// Whether a new question is to wait with this one.
    func isJoined(by question: QuestionKey, of caller: Caller) -> Bool {
        // One that can't be identified would keep others from answering for those that can.
        guard caller.isKnown == request.caller.isKnown else { return false }
        // And so would one that has handed its connection to what runs their terminals.
        guard ChargedPrograms(of: caller).isShared == programs.isShared else { return false }
        return switch (request.kind, question.kind) {
        // Every waiting caller goes on after an unlock, where the person was shown all that it wants.
        case (.unlock, .unlock): question.wantsNoMore(than: request)
        // An attempt that asks again while its overwrite waits must not start a second prompt.
        case (.overwrite, .associate): questions.contains { $0.isSameAttempt(as: question) }
        default: questions.contains(question)
        }
    }

    /// Whether it is an unlock that has to wait for the end of one that is shown: there is only one at a time, also for
    /// those who can't share a question.
    func isBehind(_ shown: WaitingRequest) -> Bool {
        shown.hasTurn && request.kind == .unlock && shown.request.kind == .unlock
    }

    /// Whether it is an unlock of something that is being unlocked, so that it needn't be asked about if that works.
    func isBehind(_ hold: UnlockHold) -> Bool {
        !hasTurn && !Set(request.unlocks).isDisjoint(with: hold.allow.request.unlocks)
    }

    /// A vault, or the keyring if it is nil, was opened by other means.
    ///
    /// - Returns: Those who want nothing more; they no longer wait.
    mutating func take(opened vault: String?) -> [WaitingAsker] {
        guard request.kind == .unlock else { return [] }
        opened.insert(vault)
        return removeAskers { [self] in isOpened($0.request) }
    }

    /// What was open may be locked again.
    mutating func forgetOpened(_ matter: Invalidation) {
        switch matter {
        case .vault(let name), .leftOut(let name): opened.remove(name)
        case .everything: opened = []
        case .key, .holder, .entry: break
        }
    }

    /// Whether all that an unlock wants has been opened since it was asked for.
    func isOpened(_ wanted: ApprovalRequest) -> Bool {
        wanted.kind == .unlock && Set(wanted.unlocks).isSubset(of: opened)
    }

    /// Lets another asker wait for the same answer.
    ///
    /// - Returns: False where so many have joined that no more can: each is remembered, since none of them may answer.
    mutating func join(_ asker: AskerID, _ other: ApprovalRequest, limit: Int) -> Bool {
        let caller = other.caller
        if !callers.contains(caller) {
            guard callers.count < limit else { return false }
            callers.append(caller)
        }
        askers.append(WaitingAsker(id: asker, request: other))
        isAbandoned = false
        // Whoever wants it unlocked has found it locked again.
        opened.subtract(other.unlocks)
        questions.insert(QuestionKey(other))
        if other.kind == request.kind { quietKeys.formUnion(QuietKey.all(of: other)) }
        living.formUnion(caller.holders)
        if !caller.isKnown { outlivesProcesses = true }
        return true
    }

    /// Removes those who no longer wait for this; the request itself goes on.
    ///
    /// - Returns: Who they were.
    @discardableResult
    mutating func removeAskers(where isMeant: (WaitingAsker) -> Bool) -> [WaitingAsker] {
        let leaving = askers.filter(isMeant)
        askers.removeAll(where: isMeant)
        return leaving
    }

    /// Somebody has turned out to have the connection of one who has asked.
    ///
    /// However often that is checked, only one caller is kept for each connection, the last that was found there, and
    /// one set of all that ever were.
    mutating func alsoAsked(by caller: Caller) {
        guard let socket = caller.socket, callers.contains(where: { $0.socket == socket }) else { return }
        laterCallers[socket] = caller
        let known = laterHolders[socket, default: []]
        guard known.count <= Self.mostHolders else { return }
        let new = Set(caller.holders).subtracting(known).prefix(Self.mostHolders + 1 - known.count)
        laterHolders[socket] = known.union(new)
        living.formUnion(new)
    }

    /// Whom a denial can mute: everybody who asked this question or has its connection, under whatever name, but not
    /// those who wait for somebody else's unlock, for they were not shown.
    var mutedCallers: [Caller] {
        guard request.kind == .unlock else { return allCallers }
        let shown = request.caller
        return allCallers.filter { caller in
            caller.program == shown.program || (caller.socket != nil && caller.socket == shown.socket)
        }
    }

    /// Everybody who has asked, and who has their connections now.
    var allCallers: [Caller] { callers + laterCallers.values }

    /// Whether an answerer, or one of its parents, was seen with a connection of the askers by a second look, or so
    /// many were that nobody keeps count.
    func hasHeld(_ answerer: Answerer) -> Bool {
        laterHolders.values.contains { holders in
            holders.count > Self.mostHolders || answerer.chain.contains { holders.contains($0.identity) }
        }
    }

    /// How many processes at one connection are told apart.
    private static let mostHolders = 1024

    /// The programs that it is counted against: those of who asked first.
    var programs: ChargedPrograms { ChargedPrograms(of: request.caller) }

    /// Whether this answerer is someone other than the askers; where one of them is unknown, nobody can tell.
    func mayBeAnswered(by answerer: Answerer) -> Bool {
        !hasHeld(answerer) && allCallers.allSatisfy { AnswerRule.mayAnswer(answerer, of: $0) }
    }
}

/// An allow that answers the same question again until a reply was delivered.
struct RememberedAllow: Sendable {
    let code: String
    let request: ApprovalRequest
    let questions: Set<QuestionKey>
    let choices: Choices
    let until: ApprovalQueue.Instant

    /// Whether it answers a question, too: one that was asked, or an unlock of the same program for no more than was shown.
    func answers(_ question: QuestionKey) -> Bool {
        questions.contains(question)
            || request.kind == .unlock && question.kind == .unlock && question.wantsNoMore(than: request)
                && questions.contains { $0.program == question.program }
    }
}

/// A program that shows requests to the person.
struct Agent: Sendable {
    /// Its unique name on the bus.
    let peer: String
    let name: String
    let isExclusive: Bool
    let answerer: Answerer
    /// What came of the requests that it has confirmed.
    var record = AgentRecord()

    func mayAnswer(_ request: WaitingRequest) -> Bool {
        request.mayBeAnswered(by: answerer)
    }

    var info: AgentInfo {
        AgentInfo(
            peer: peer,
            name: PlainText.field(name),
            executable: PlainText.field(answerer.chain.first?.executable ?? ""),
            isExclusive: isExclusive,
            record: record
        )
    }
}

/// An agent as people see it.
package struct AgentInfo: Sendable, Hashable {
    /// Its unique name on the bus.
    package let peer: String
    /// The name it gave itself.
    package let name: String
    /// The executable that the bus name belongs to; empty if unknown.
    package let executable: String
    /// Whether the built-in notifier stays silent for it.
    package let isExclusive: Bool
    /// What came of the requests that it says it has shown.
    package var record = AgentRecord()
}

/// What came of the requests that an agent has confirmed by `Shown`, and of those that nothing else has shown: one that
/// draws nothing lets them all expire.
package struct AgentRecord: Sendable, Hashable {
    /// Whether it has ever confirmed one.
    package private(set) var hasShown = false
    /// How many were answered, at the agent or elsewhere.
    package private(set) var answered: UInt32 = 0
    /// How many have expired since one was answered last.
    package private(set) var expired: UInt32 = 0

    /// It says that it shows one.
    mutating func shows() { hasShown = true }

    mutating func take(_ outcome: Outcome) {
        switch outcome {
        case .allowed, .denied:
            answered &+= 1
            expired = 0
        case .expired: expired &+= 1
        case .withdrawn: break
        }
    }
}

/// Why a program can't be an agent.
package enum AgentError: Error, Sendable, Hashable {
    /// It has given no name.
    case noName
    /// Its name has more characters than this.
    case longName(Int)
    /// There are as many agents as there may be.
    case tooMany(Int)
}
