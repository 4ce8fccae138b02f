// SPDX-License-Identifier: Apache-2.0

import Callers
import DisplayText

/// Who asks, as text that may be shown.
package struct CallerDescription: Sendable, Hashable {
    /// The user id at the other end.
    package let uid: UInt32
    /// The asking process; nil if it couldn't be found.
    package let pid: Int32?
    /// Its executable; empty if unknown.
    package let executable: String
    /// What the record names: the sandbox or the executable, of each of those that share the connection.
    package let programs: String
    /// `git (4242)`, then its parents.
    package let processes: [String]
    /// The Flatpak or Snap id.
    package let sandbox: String?
    /// What the peer claims to be its Origin.
    package let origin: String?
    /// What the peer claims to be its user agent.
    package let userAgent: String?

    init(_ caller: Caller) {
        uid = caller.uid
        // Whoever an earlier mute was about is no longer a process.
        let isGone = caller.pid == 0
        pid = isGone ? nil : caller.pid
        executable = PlainText.field(caller.executable)
        let isUnclear =
            caller.sandboxes.isEmpty && ChargedPrograms(of: caller).ids.count > 1 && caller.askers.count > 1
        programs = PlainText.field(
            isUnclear ? caller.program.vouched : caller.sandbox ?? caller.executable
        )
        processes = isGone ? [] : Wording.processes(caller)
        sandbox = caller.sandbox.map { PlainText.field($0) }
        origin = caller.origin.map { PlainText.field($0) }
        userAgent = caller.userAgent.map { PlainText.field($0) }
    }
}

/// A waiting request as everybody may show it: every text is cleaned and cut, ready for the details of `RequestAdded`.
package struct PendingRequest: Sendable, Hashable {
    /// The code that answers it.
    package let code: String
    /// What is asked.
    package let kind: ApprovalKind
    /// One line: who asks for what, where.
    package let title: String
    /// Lines of plain text: first what Keybell knows, then in quotes what the client claims.
    package let body: String
    /// The same, for whoever has other lines to show with them, or just a little room.
    package let words: QuestionWords
    /// The same with the A-labels of hosts.
    package let wordsWithALabels: QuestionWords
    /// What should make the person think twice, each by itself.
    package var warnings: [String] { words.lines.warnings.map(\.text) }
    /// The client's Id.
    package let client: String?
    /// What the person calls it, if not by its Id.
    package let clientName: String?
    /// Whether its key was verified.
    package let verified: Bool
    /// Associate: the name that is given unless another is chosen.
    package let suggestedID: String?
    /// Associate and overwrite: the key's fingerprint.
    package let fingerprint: String?
    /// Who asks.
    package let caller: CallerDescription
    /// The vault's name, or the names of several with commas.
    package let vault: String?
    /// The host.
    package let host: String?
    /// The host the form is sent to.
    package let submitHost: String?
    /// Save: hosts at which the entry would match or be allowed from now on.
    package let newHosts: [String]
    /// The first entries; the rest is fetched.
    package let entries: [EntryLine]
    /// How many there are in all.
    package let entryCount: Int
    /// Whether it is the whole vault, a search and the like.
    package let bulk: Bool
    /// Associate: whether the keyring is locked, so that an allow raises its prompt.
    package let unlocksKeyring: Bool
    /// Save: whether it makes a new entry.
    package let isNew: Bool
    /// Save: the names of what it changes.
    package let fields: [String]
    /// Release and save: the type of the client's request.
    package let requestType: String?
    /// Release: what a search is for.
    package let search: String?
    /// Release: where a search looks.
    package let places: [String]
    /// Release: whether passwords go out.
    package let passwords: Bool
    /// Release: the names of the string fields that go along.
    package let fieldNames: [String]
    /// Whether "always" may be offered.
    package let alwaysOffered: Bool
    /// Whether an allow is confirmed in a window of its own before it counts.
    package let isConfirmed: Bool
    /// Why the last allow could not be confirmed, with what to do.
    package let confirmationTrouble: String?
    /// When it was asked, in seconds since 1970.
    package let created: UInt64
    /// When it expires, in seconds since 1970.
    package let deadline: UInt64

    /// How many names of string fields stand in the details at most.
    private static let longestList = 100

    init(
        code: String,
        request: ApprovalRequest,
        created: UInt64,
        deadline: UInt64,
        limits: ApprovalLimits,
        confirmationTrouble: ConfirmationError? = nil,
        shown: StoredQuestionText? = nil
    ) {
        self.code = code
        self.created = created
        self.deadline = deadline
        kind = request.kind
        title = shown?.title ?? Wording.title(request)
        self.confirmationTrouble = confirmationTrouble?.reason
        words = QuestionWords(request, limits, unconfirmed: confirmationTrouble, shown)
        wordsWithALabels = QuestionWords(
            request,
            limits,
            unconfirmed: confirmationTrouble,
            shown,
            hosts: .aLabels
        )
        body = words.lines.shown().joined(separator: "\n")
        client = request.client.map { PlainText.field($0) }
        clientName = request.verified ? request.clientName.map { PlainText.field($0) } : nil
        verified = request.verified
        suggestedID = request.suggestedID.map { PlainText.field($0) }
        fingerprint = request.fingerprint.map { PlainText.field($0) }
        caller = CallerDescription(request.caller)
        vault = Wording.vaults(request) ?? (request.kind == .unlock ? "keyring" : nil)
        host = request.host.map { PlainText.host($0) }
        submitHost = request.submitHost.map { PlainText.host($0) }
        let hosts = Site.sorted(request.newHosts, from: request.host)
        newHosts = (hosts.elsewhere + hosts.sameSite).map { PlainText.host($0) }
        entries = request.entries.prefix(limits.entriesInDetails).map { entry in
            entry.mapTexts { PlainText.field($0) }
        }
        entryCount = request.entryCount
        bulk = request.bulk
        unlocksKeyring = request.unlocksKeyring
        isNew = request.isNew
        fields = request.fields.map { PlainText.field($0) }
        requestType = request.requestType.map { PlainText.field($0) }
        search = request.search.map { PlainText.field($0) }
        places = request.places.map { PlainText.field($0) }
        passwords = request.passwords
        fieldNames = request.fieldNames.prefix(Self.longestList).map { PlainText.field($0) }
        alwaysOffered =
            request.alwaysOffered && (!request.bulk || request.isByEntry) && request.caller.program.isKnown
        isConfirmed = limits.confirmedKinds.contains(request.kind)
    }
}

/// A request that has ended, for `keybell requests --recent`.
package struct RecentRequest: Sendable, Hashable {
    /// What it was.
    package let request: PendingRequest
    /// How it ended.
    package let outcome: Outcome
    /// By what means it was answered; nil if nobody did.
    package let answeredBy: String?
    /// For how long the answer was meant; nil if nobody answered.
    package let scope: GrantScope?
    /// What of the logins wasn't to go out.
    package let leftOut: Set<ReleasePart>
    /// How many logins were chosen; nil where all were meant.
    package let chosenCount: Int?
    /// When, in seconds since 1970.
    package let ended: UInt64
    /// How many like it, or of the same program if that was muted with it, were denied unseen afterwards.
    package let unseen: Int
    /// Until when requests like it are denied unseen, in seconds since 1970; `allow CODE` ends that.
    package let quietUntil: UInt64?
    /// For how many seconds its program was muted with the answer; nil if it wasn't.
    package let muteSeconds: UInt32?
    /// Until when its program is muted, in seconds since 1970; `unmute CODE` ends that.
    package let mutedUntil: UInt64?
    /// The programs that are muted because of it, with their scripts.
    package let muted: [String]
    /// Whether it was allowed when whoever asked had given up: the program has to ask again to get what it wanted.
    package let isAbandoned: Bool
    /// Why the answer isn't kept for as long as it was meant, in sentences for the person; nil where it is.
    package let keepTrouble: String?
    /// Whether the answer is being kept, so that nobody knows yet whether it can be.
    package let isBeingKept: Bool
    /// Why what was allowed could not be carried out, in sentences for the person; nil where nothing is known of that.
    package let failure: String?
    /// Whether it was denied because the person, who had allowed it, did not confirm that.
    package let wasUnconfirmed: Bool
    /// Whether it was answered at a terminal.
    package let wasAnsweredOnTerminal: Bool
}
