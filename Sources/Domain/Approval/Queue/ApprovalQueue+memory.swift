// SPDX-License-Identifier: Apache-2.0

import Callers

/// What can void remembered allows, or waiting requests.
package enum Invalidation: Sendable, Hashable {
    /// A client's key, by its fingerprint, is gone: it was revoked, overwritten or deleted.
    case key(String)
    /// The client that a key, by its fingerprint, was kept for is gone: nobody can take over its name any more.
    case holder(String)
    /// A vault was locked.
    case vault(String)
    /// A vault is no longer in the configuration.
    case leftOut(String)
    /// An entry was changed, by its uuid: a question that names no entries, as a search's, may have been about any.
    case entry(String)
    /// Everything, as when the keyring was locked.
    case everything

    /// Whether it may be a lock, after which nothing private may be read any longer.
    var isLock: Bool {
        switch self {
        case .vault, .leftOut, .everything: true
        case .key, .holder, .entry: false
        }
    }

    /// Whether an allow of this request no longer holds.
    func concerns(_ request: ApprovalRequest) -> Bool {
        switch self {
        case .key(let fingerprint): request.fingerprint == fingerprint
        case .holder(let fingerprint): request.replaced?.fingerprint == fingerprint
        case .vault(let name), .leftOut(let name): request.vaults.contains(name)
        case .entry(let uuid):
            request.entries.contains { $0.uuid == uuid }
                || request.kind == .release && request.entries.isEmpty
        case .everything: true
        }
    }

    /// Whether a request needn't wait any longer.
    ///
    /// A locked vault can still be unlocked, but not one that has left the configuration; and a deleted key can still
    /// be let in.
    func voids(_ request: ApprovalRequest) -> Bool {
        switch (self, request.kind) {
        case (.vault, .unlock), (.key, .associate), (.key, .overwrite): false
        default: concerns(request)
        }
    }
}

extension ApprovalQueue {
    /// One reply with the answer was delivered: the same question is a new one from now on.
    ///
    /// What waited behind it, since it unlocks the same, is asked about once everybody who was given the answer has
    /// collected it.
    mutating func delivered(_ code: String, now: Instant) -> [ApprovalAction] {
        memories.removeAll { $0.code == code }
        if let index = holds.firstIndex(where: { $0.code == code }) {
            holds[index].users -= 1
            if holds[index].users <= 0 { holds.remove(at: index) }
        }
        return giveTurns(now: now)
    }

    /// Ends the memory of allows that have become void by what has changed.
    mutating func forget(_ matter: Invalidation, now: Instant) -> [ApprovalAction] {
        memories.removeAll { matter.concerns($0.request) }
        if matter.isLock {
            for index in waiting.indices { waiting[index].forgetOpened(matter) }
            for index in ended.indices { ended[index].request.withholdSearch() }
        }
        return giveTurns(now: now)
    }

    /// Takes back waiting requests that have become void, asker by asker.
    ///
    /// Those who have joined the unlock of one that has to go still want it: it is asked anew, in their name.
    mutating func withdraw(_ matter: Invalidation, now: Instant) -> [ApprovalAction] {
        var actions: [ApprovalAction] = []
        var staying: [WaitingAsker] = []
        for index in waiting.indices {
            if matter.voids(waiting[index].request) {
                staying += waiting[index].removeAskers { !matter.voids($0.request) }
            } else {
                let leaving = waiting[index].removeAskers { matter.voids($0.request) }
                actions += leaving.map { .answer($0.id, .withdrawn) }
            }
        }
        actions += close(.withdrawn, now: now) { matter.voids($0.request) }
        for asker in staying { actions += ask(asker.request, by: asker.id, now: now) }
        return actions + giveTurns(now: now)
    }

    /// A vault, or the keyring if it is nil, was opened by other means: whoever waited for nothing else goes on, and the
    /// person is no longer asked once all that was shown is open.
    mutating func opened(_ vault: String?, now: Instant) -> [ApprovalAction] {
        var actions: [ApprovalAction] = []
        for index in waiting.indices {
            actions += waiting[index].take(opened: vault).map { .answer($0.id, .opened) }
        }
        return actions + end(.withdrawn, now: now) { $0.isOpened($0.request) }
    }

    /// After the denial of an overwrite its attempt goes back to associate and must be asked anew: the allow that
    /// led to the overwrite would otherwise answer it.
    mutating func forgetAttempt(_ denied: Set<QuestionKey>) {
        memories.removeAll { memory in
            memory.request.kind == .associate
                && memory.questions.contains { old in denied.contains { $0.isSameAttempt(as: old) } }
        }
    }

    /// Drops what has run out.
    ///
    /// Nothing wakes up for this: it is checked when something is asked or answered.
    mutating func dropStale(now: Instant) {
        memories.removeAll { $0.until <= now }
        quiets = quiets.filter { $0.value.until > now }
        mutes = mutes.filter { $0.value.until > now }
        // A denial stays as long as it counts, so that `allow CODE` can end it.
        let counting = countingCodes
        ended.removeAll { $0.at + limits.codeRest <= now && !counting.contains($0.code) }
        forgetCallers(butFor: counting)
        restingCodes.drop(until: now - limits.codeRest)
    }

    /// Ended requests, the newest first, with the times until which similar ones are denied unseen.
    func recent(now: Instant) -> [(request: EndedRequest, times: QuietTimes)] {
        let counting = countingCodes
        let kept = ended.suffix(limits.recentCount)
        // What still counts is listed however much has ended since.
        let older = ended.dropLast(kept.count).filter { counting.contains($0.code) }
        return (older + kept).map { ($0, times(of: $0.code, now: now)) }.reversed().filter { request, times in
            times.isRunning || request.at + limits.codeRest > now
        }
    }

    /// Whether somebody has nothing to do with those who have a request waiting, or were denied just now or are muted, by
    /// the rule of who may answer, and runs no program of theirs.
    func isUninvolved(_ answerer: Answerer, now: Instant) -> Bool {
        Self.areUninvolved(involved(now: now), answerer)
    }

    /// The same for these.
    static func areUninvolved(_ callers: [Caller], _ answerer: Answerer) -> Bool {
        callers.allSatisfy { caller in
            let isApart =
                caller.isKnown
                ? AnswerRule.mayAnswer(answerer, of: caller) : AnswerRule.isApart(answerer, from: caller)
            return isApart && !AnswerRule.runsProgram(of: caller, answerer)
        }
    }

    /// Who has a request waiting, or was denied something that is still denied unseen: for a moment, or while it is muted.
    private func involved(now: Instant) -> [Caller] {
        let running = (Array(quiets.values) + Array(mutes.values)).filter { $0.until > now }
        let denied = Set(running.map(\.code))
        return waiting.flatMap(\.allCallers)
            + ended.filter { denied.contains($0.code) }.flatMap(\.callers)
    }
}
