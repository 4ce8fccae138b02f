// SPDX-License-Identifier: Apache-2.0

import Callers
import DisplayText
import UnicodeText

/// Which choices go with which request and decision.
enum ChoiceRules {
    /// Checks the choices and brings them into the form that the asker gets.
    ///
    /// - Returns: The choices with the Id that is given and the entries as the request spells them.
    /// - Throws: `invalidAnswer` with the reason.
    static func settle(
        _ choices: Choices,
        _ decision: Decision,
        for request: ApprovalRequest
    ) throws(AnswerError) -> Choices {
        var settled = choices
        settled.id = try id(choices.id, decision, request)
        settled.isNamedByPerson = choices.id != nil
        try checkLeftOut(choices, decision, request)
        if choices.restriction != nil {
            guard [.associate, .overwrite].contains(request.kind), decision == .allow else {
                throw .invalidAnswer("vaults, groups and hosts go with letting a client in only")
            }
        }
        settled.entries = try entries(choices.entries, decision, request)
        try checkScope(choices, request)
        if let seconds = choices.muteSeconds {
            guard decision == .deny else { throw .invalidAnswer("mute-seconds goes with deny only") }
            guard 1...ApprovalLimits.longestMute ~= seconds else {
                throw .invalidAnswer(
                    "mute-seconds must be from 1 to \(ApprovalLimits.longestMute), which is a day"
                )
            }
        }
        return settled
    }

    private static func id(
        _ chosen: String?,
        _ decision: Decision,
        _ request: ApprovalRequest
    ) throws(AnswerError) -> String? {
        guard let chosen else {
            guard decision == .allow else { return nil }
            return request.kind == .associate ? request.suggestedID : request.client
        }
        guard request.kind == .associate, decision == .allow else {
            throw .invalidAnswer("id goes with allowing an associate request only")
        }
        guard let clean = PlainName(cleaning: chosen) else {
            throw .invalidAnswer("id must have a letter, digit or sign that can be seen")
        }
        if let name = PlainName(chosen) {
            guard !name.mixesScripts else {
                throw .invalidAnswer(
                    "id must not mix letters of several scripts, which can look like another id"
                )
            }
            guard !name.hasLookAlikes else {
                throw .invalidAnswer(
                    "id must not have characters that look like plainer ones, such as long dashes or joined letters"
                        + (name.plain.map { "; \(PlainText.quoted($0.text)) would do" } ?? "")
                )
            }
            return name.text
        }
        guard clean.text.unicodeScalars.count < PlainName.longest else {
            throw .invalidAnswer("id must have at most \(PlainName.longest) characters")
        }
        throw .invalidAnswer(
            "id must not have line breaks, control or invisible characters, nor spaces at its ends or side by side"
        )
    }

    private static func entries(
        _ chosen: [String]?,
        _ decision: Decision,
        _ request: ApprovalRequest
    ) throws(AnswerError) -> [String]? {
        guard let chosen else { return nil }
        guard request.kind == .release, decision == .allow else {
            throw .invalidAnswer("entries goes with allowing a release only")
        }
        guard !chosen.isEmpty else {
            throw .invalidAnswer("entries must name at least one; to hand out none, deny")
        }
        let known = Set(request.entries.map(\.uuid))
        var named: Set<String> = []
        for text in chosen {
            let uuid = text.cut(toBytes: ByteKey.longest)
            let upper = uuid.uppercased()
            guard let match = known.contains(uuid) ? uuid : known.contains(upper) ? upper : nil else {
                throw .invalidAnswer("not an entry of this request: \(PlainText.field(uuid, limit: 40))")
            }
            named.insert(match)
        }
        // In the request's order, each once: it is the order in which they are handed out.
        return request.entries.map(\.uuid).filter(named.contains)
    }

    private static func checkLeftOut(
        _ choices: Choices,
        _ decision: Decision,
        _ request: ApprovalRequest
    ) throws(AnswerError) {
        guard !choices.leftOut.isEmpty else { return }
        guard request.kind == .release, decision == .allow else {
            throw .invalidAnswer("fields goes with allowing a release only")
        }
        // A grant is for whole logins: made from this answer, it would let out what was left out here.
        guard choices.scope == .once else {
            throw .invalidAnswer("fields goes with scope once only, for a grant is for whole logins")
        }
    }

    private static func checkScope(_ choices: Choices, _ request: ApprovalRequest) throws(AnswerError) {
        if choices.scope != .once {
            guard request.kind == .release || request.kind == .save else {
                throw .invalidAnswer("scope \(choices.scope.rawValue) goes with release and save only")
            }
            guard request.caller.program.isKnown else {
                throw .invalidAnswer(
                    "scope \(choices.scope.rawValue) can't be had: which program asks can't be told for sure"
                )
            }
            guard !request.bulk || request.isByEntry else {
                throw .invalidAnswer("scope \(choices.scope.rawValue) can't be had for a bulk release")
            }
        }
        if let seconds = choices.seconds {
            guard choices.scope == .session else {
                throw .invalidAnswer("seconds goes with scope session only")
            }
            guard seconds > 0 else {
                throw .invalidAnswer("seconds must be at least 1")
            }
        }
    }
}
