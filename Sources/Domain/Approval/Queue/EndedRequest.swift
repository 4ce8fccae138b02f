// SPDX-License-Identifier: Apache-2.0

import Callers

/// A request that has ended; its code isn't used again until it is forgotten.
struct EndedRequest: Sendable {
    let code: String
    var request: ApprovalRequest
    /// Who asked, for as long as they may not end what a denial has begun.
    private(set) var callers: [Caller]
    let outcome: Outcome
    let deadline: ApprovalQueue.Instant
    let at: ApprovalQueue.Instant
    /// By what means it was answered, and with which choices; nil if it ended otherwise.
    var surface: Surface?
    var choices: Choices?
    /// How many entries were chosen; nil where all were meant.
    let chosenCount: Int?
    /// Whether it was allowed when nobody was left to take the answer.
    var isAbandoned = false
    /// Why the answer, or its mute, isn't kept for as long as it was meant, or may not be, in sentences for the person.
    private(set) var keepTrouble: String?
    /// Whether the answer is being kept, so that nobody knows yet whether it can be.
    var isBeingKept = false
    /// Why what was allowed could not be carried out, in sentences for the person.
    var failure: String?
    /// How many requests were denied unseen because of its denial.
    private(set) var unseen = 0
    /// How it was shown, where an earlier daemon did that.
    private(set) var shown: StoredQuestionText?
    /// Against which program it counts, and about how many bytes it takes.
    let account: Set<String>
    private(set) var size: Int

    init(
        code: String,
        request: ApprovalRequest,
        callers: [Caller],
        outcome: Outcome,
        deadline: ApprovalQueue.Instant,
        at: ApprovalQueue.Instant,
        surface: Surface? = nil,
        choices: Choices? = nil,
        isAbandoned: Bool = false,
        unseen: Int = 0,
        shown: StoredQuestionText? = nil
    ) {
        self.code = code
        self.request = request
        self.callers = callers
        self.outcome = outcome
        self.deadline = deadline
        self.at = at
        self.surface = surface
        self.choices = choices
        // Whoever asked has been told which.
        self.choices?.entries = nil
        chosenCount = choices?.entries?.count
        self.isAbandoned = isAbandoned
        self.unseen = unseen
        self.shown = shown
        account = Self.account(of: request.caller)
        size = request.size + callers.reduce(0) { $0 + $1.size }
    }

    mutating func forgetCallers() {
        size -= callers.reduce(0) { $0 + $1.size }
        callers = []
    }

    /// Its answer is kept or, with the reason, holds for less time than it was meant to.
    mutating func endKeeping(_ outcome: KeepingOutcome) {
        isBeingKept = false
        var sentences: [String] = []
        if let trouble = outcome.trouble {
            let isAlways = choices?.scope == .always
            sentences.append(
                isAlways
                    ? "It is not kept for good, and holds for this session at most."
                    : "It is not kept for this session, and holds for this once at most."
            )
            sentences.append(trouble)
            choices?.scope = isAlways ? .session : .once
        }
        if outcome.isUndecided {
            sentences.append(
                "Whether it is kept for good isn't known yet, for the keyring has not stored it: look for a prompt of it, and at `keybell grants`."
            )
        }
        if outcome.isMuteLost {
            sentences.append(
                "It is denied, and its program muted until Keybell ends, but not after a restart: mutes.json in the state folder can't be written, or has no room for it."
            )
        }
        if !sentences.isEmpty { keepTrouble = sentences.joined(separator: " ") }
    }

    /// Counts further ones; the file that the number came from may have had any.
    mutating func count(unseen count: Int) {
        let (sum, isTooLarge) = unseen.addingReportingOverflow(count)
        unseen = isTooLarge ? .max : sum
    }
}

extension EndedRequest {
    /// Whom it counts against: the file that has asked, whatever its name is now; of several that have asked together,
    /// none alone.
    static func account(of caller: Caller) -> Set<String> {
        let programs = ChargedPrograms(of: caller)
        let files = Set(caller.askers.compactMap(\.file))
        return programs.isShared || caller.sandbox != nil || files.isEmpty ? programs.ids : files
    }
}
