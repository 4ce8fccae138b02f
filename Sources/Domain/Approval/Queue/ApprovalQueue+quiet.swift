// SPDX-License-Identifier: Apache-2.0

import Callers

// After a denial the same question is denied without being shown for a while; of a muted program all questions are.
extension ApprovalQueue {
    /// Counts a question that is denied unseen towards the denial behind that; false if it is to be shown.
    mutating func countIfQuiet(_ request: ApprovalRequest, now: Instant) -> Bool {
        let quiet =
            mute(of: request.caller, now: now) ?? QuietKey.all(of: request).compactMap { quiets[$0] }.first
        guard let quiet else { return false }
        countUnseen(1, for: quiet.code)
        return true
    }

    /// The mute that a caller is under.
    func mute(of caller: Caller, now: Instant) -> Quiet? {
        mutes.first { $0.value.until > now && $0.key.covers(caller) }?.value
    }

    /// The mute of the first of several callers that are all under one; nil where any of them isn't.
    private func mute(ofAll callers: [Caller], now: Instant) -> Quiet? {
        let mutes = callers.map { mute(of: $0, now: now) }
        return mutes.contains { $0 == nil } ? nil : mutes.compactMap(\.self).first
    }

    mutating func countUnseen(_ count: Int, for code: String) {
        if let index = ended.lastIndex(where: { $0.code == code }) {
            ended[index].count(unseen: count)
        }
    }

    /// Counts a request that a remembered denial denies towards the question that was so answered, while that is listed.
    mutating func count(_ denial: RememberedDenial) {
        if let index = ended.lastIndex(where: denial.comes) { ended[index].count(unseen: 1) }
    }

    /// Ends the quiet times of the questions that were so answered, for the person wants to be asked again.
    mutating func endQuiet(of denial: RememberedDenial) {
        let codes = Set(ended.filter(denial.comes).map(\.code))
        quiets = quiets.filter { !codes.contains($0.value.code) }
    }

    /// The codes of the denials that a quiet time or a mute comes from.
    var countingCodes: Set<String> {
        Set(quiets.values.map(\.code)).union(mutes.values.map(\.code))
    }

    /// How long a quiet time or mute that a denial began still lasts; nil if it began none, or that is over.
    func times(of code: String, now: Instant) -> QuietTimes {
        func end(_ all: some Sequence<Quiet>) -> Instant? {
            all.filter { $0.code == code && $0.until > now }.map(\.until).max()
        }
        let muted = mutes.filter { $0.value.code == code && $0.value.until > now }.keys
        return QuietTimes(
            quietUntil: end(quiets.values),
            mutedUntil: end(mutes.values),
            muted: muted.map(\.shownName).sorted()
        )
    }

    /// `keybell allow CODE` of a request that was denied: the next one of its kind is shown again.
    ///
    /// - Throws: Also for a program that is muted, which only `unmute` ends.
    mutating func endQuiet(
        of code: String?,
        _ decision: Decision,
        through surface: Surface,
        now: Instant
    ) throws(AnswerError) {
        guard
            let code, decision == .allow,
            let denied = ended.last(where: { $0.code == code }), countingCodes.contains(code)
        else { throw .unknownRequest }
        // Nor may another run of the program that was denied end that.
        let isItsLike = surface.answerer.map { answerer in
            denied.callers.contains { AnswerRule.runsProgram(of: $0, answerer) }
        }
        guard Self.mayAnswer(through: surface, denied.callers), isItsLike != true else { throw .notAllowed }
        // While that lasts nothing would be shown again.
        if let mute = mutes.values.first(where: { $0.code == code }) ?? mute(ofAll: denied.callers, now: now)
        {
            throw .invalidAnswer("The program is muted: `keybell unmute \(mute.code)` ends that.")
        }
        quiets = quiets.filter { $0.value.code != code }
    }

    /// Ends mutes, with the quiet times of the denials that began them.
    ///
    /// - Parameters:
    ///   - name: The denied request's code, or a program or script by its path or the last part of that; empty for all
    ///     that are muted.
    ///   - now: The time.
    /// - Returns: Which programs aren't muted any more; none where nothing of that name was.
    mutating func unmute(_ name: String, now: Instant) -> [MutedProgram] {
        dropStale(now: now)
        let code = RequestCode.normalized(name)
        let isCode = mutes.values.contains { $0.code == code }
        let ending = mutes.filter { program, mute in
            name.isEmpty || (isCode ? mute.code == code : program.isCalled(name))
        }
        for program in ending.keys { mutes[program] = nil }
        let over = Set(ending.values.map(\.code)).subtracting(mutes.values.map(\.code))
        quiets = quiets.filter { !over.contains($0.value.code) }
        return ending.keys.sorted { $0.shownName < $1.shownName }
    }
}

/// Until when requests like a denied one are denied unseen, and its program is muted.
struct QuietTimes: Sendable, Equatable {
    var quietUntil: ApprovalQueue.Instant?
    var mutedUntil: ApprovalQueue.Instant?
    /// The programs that are muted.
    var muted: [String] = []

    /// Whether either lasts.
    var isRunning: Bool { quietUntil != nil || mutedUntil != nil }
}
