// SPDX-License-Identifier: Apache-2.0

import Approval
import BusInterface
import DBus
import DisplayText

/// A request as the bus tells it, its texts cleaned for a terminal.
struct RequestDetails: Equatable, Sendable {
    /// An entry that it is about.
    struct Entry: Equatable, Sendable {
        let uuid: String
        let title: String
        let username: String
    }

    let code: String
    /// What is asked; nil where a newer daemon says what isn't known here.
    let kind: ApprovalKind?
    let title: String
    let body: [String]
    /// What should make the person think twice, which the body has, too.
    let warnings: [String]
    let suggestedID: String?
    let entries: [Entry]
    let entryCount: Int
    let isBulk: Bool
    let created: UInt64
    let deadline: UInt64
    /// How it ended; nil while it waits, or where a newer daemon says what isn't known here.
    let outcome: Outcome?
    let ended: UInt64?
    /// Whether its like is denied unseen now.
    let isQuiet: Bool
    let quietUntil: UInt64?
    let mutedUntil: UInt64?
    /// The programs that are muted because of it.
    let muted: [String]
    /// How many were denied unseen because of it.
    let unseen: Int
    let answeredBy: String?
    /// For how long the answer was meant.
    let scope: GrantScope?
    /// What of the logins that were allowed didn't go out.
    let leftOut: Set<String>
    /// How many of the logins were allowed, where not all were.
    let chosenCount: Int?
    /// Whether whoever asked had given up when it was allowed.
    let isAbandoned: Bool
    /// Why the answer isn't kept for as long as it was meant.
    let keepTrouble: String?
    /// Whether it is being kept, so that nobody knows yet.
    let isBeingKept: Bool
    /// Why what was allowed could not be carried out.
    let failure: String?
    /// Whether an allow raises the prompt of the keyring.
    let unlocksKeyring: Bool
    /// Whether an allow counts only once it is confirmed in pinentry's window.
    let isConfirmed: Bool
    /// Why the last allow could not be confirmed.
    let confirmationTrouble: String?
    /// As it came, for JSON.
    let members: [String: Value]

    init(code: String, reading members: [String: Value]) {
        typealias Key = ApprovalInterface.Detail
        func text(_ key: String) -> String? { members[key]?.asString.map(PlainText.cleaned) }
        self.code = PlainText.cleaned(code)
        self.members = members
        kind = text(Key.kind).flatMap(ApprovalKind.init(rawValue:))
        title = text(Key.title) ?? ""
        body = (members[Key.body]?.asString).map(PlainText.lines) ?? []
        warnings = (members[Key.warnings]?.asStrings ?? []).map(PlainText.cleaned)
        suggestedID = text(Key.suggestedID)
        entries = (members[Key.entries]?.asArray ?? []).compactMap { Entry(reading: $0) }
        entryCount = max(entries.count, (members[Key.entryCount]?.asUInt32).map { Int($0) } ?? 0)
        isBulk = members[Key.bulk]?.asBool ?? false
        created = members[Key.created]?.asUInt64 ?? 0
        deadline = members[Key.deadline]?.asUInt64 ?? 0
        outcome = text(Key.outcome).flatMap(Outcome.init(rawValue:))
        ended = members[Key.ended]?.asUInt64
        isQuiet = members[Key.quiet]?.asBool ?? false
        quietUntil = members[Key.quietUntil]?.asUInt64
        mutedUntil = members[Key.mutedUntil]?.asUInt64
        muted = (members[Key.muted]?.asStrings ?? []).map(PlainText.cleaned)
        unseen = (members[Key.unseen]?.asUInt32).map { Int($0) } ?? 0
        answeredBy = text(Key.answeredBy)
        scope = text(Key.scope).flatMap(GrantScope.init(rawValue:))
        leftOut = Set(members[Key.leftOut]?.asStrings ?? [])
        chosenCount = (members[Key.chosenCount]?.asUInt32).map { Int($0) }
        isAbandoned = members[Key.abandoned]?.asBool ?? false
        keepTrouble = text(Key.keepTrouble)
        isBeingKept = members[Key.keeping]?.asBool ?? false
        failure = text(Key.failure)
        unlocksKeyring = members[Key.unlocksKeyring]?.asBool ?? false
        isConfirmed = members[Key.confirmation] != nil
        confirmationTrouble = text(Key.confirmationTrouble)
    }

    /// Reads the answer of ListRequests or ListRecent, oldest first.
    static func list(_ answer: [Value]) -> [RequestDetails] {
        guard case .dictionary(_, _, let entries)? = answer.first else { return [] }
        return entries.compactMap { entry -> RequestDetails? in
            guard let code = entry.key.asString, let members = entry.value.vardict else { return nil }
            return RequestDetails(code: code, reading: members)
        }.enumerated().sorted { left, right in
            let (first, second) = (
                left.element.ended ?? left.element.created, right.element.ended ?? right.element.created
            )
            // Those that wait come oldest first, those that have ended newest first.
            let isNewestFirst = left.element.ended != nil
            return first == second ? (left.offset < right.offset) != isNewestFirst : first < second
        }.map(\.element)
    }

    /// What to say of an allow that could not be carried out.
    static func failureSentence(_ reason: String) -> String { "Your answer came to nothing: \(reason)" }

    /// How and when it ended; nil while it waits.
    func ending(now: UInt64) -> String? {
        guard let result else { return nil }
        let verb = outcome == .expired ? "has" : "was"
        return "Request \(code) \(verb) \(result)"
            + (ended.map { ", \(Moment.ago($0, now: now))." } ?? ".")
    }

    /// How it ended, and what of it was allowed if that wasn't all; nil while it waits.
    var result: String? {
        guard let outcome = members[ApprovalInterface.Detail.outcome]?.asString.map(PlainText.cleaned) else {
            return nil
        }
        let isNamesAlone = leftOut.isSuperset(of: AnswerChoices.everythingButNames)
        let parts = [
            chosenCount.flatMap { $0 < entryCount ? "\($0) of \(entryCount)" : nil },
            isNamesAlone
                ? "names alone"
                : leftOut.isEmpty ? nil : "without \(leftOut.sorted().joined(separator: ", "))",
        ].compactMap(\.self)
        let by = answeredBy.map { "by \($0)" }
        guard !parts.isEmpty else { return [outcome, by].compactMap(\.self).joined(separator: " ") }
        return "\(outcome): " + (parts + [by].compactMap(\.self)).joined(separator: ", ")
    }

    /// Whether logins are handed out or saved by it.
    var isAboutLogins: Bool { kind == .release || kind == .save }

    /// Whether a decision on it may be remembered.
    ///
    /// Of those for more than one host just the ones that name single entries.
    var canBeRemembered: Bool {
        let request = members[ApprovalInterface.Detail.request]?.asString ?? ""
        let isByEntry = ["get-logins-by-names", "get-login-by-uuid"].contains(request)
        return isAboutLogins && (!isBulk || isByEntry)
    }

    /// Whether an allow lets a client in.
    var letsClientIn: Bool { [.associate, .overwrite].contains(kind) }

    /// Whether it wants passwords of many, so that somebody may rather give it their names alone.
    var canGiveNamesAlone: Bool {
        kind == .release && isBulk && members[ApprovalInterface.Detail.passwords]?.asBool ?? true
    }

    /// The request for `--json`: all details, entries by name.
    var json: JSON {
        var object: [(String, JSON)] = [("code", .string(code))]
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            guard key == ApprovalInterface.Detail.entries, let lines = value.asArray else {
                object.append((key, JSON(value)))
                continue
            }
            object.append((key, .array(lines.compactMap { Entry(reading: $0, cleaning: false)?.json })))
        }
        return .object(object)
    }
}

extension RequestDetails.Entry {
    /// Reads a `(sss)`.
    init?(reading value: Value, cleaning: Bool = true) {
        guard case .structure(let members) = value else { return nil }
        let texts = members.compactMap(\.asString).map { cleaning ? PlainText.cleaned($0) : $0 }
        guard texts.count == 3 else { return nil }
        self.init(uuid: texts[0], title: texts[1], username: texts[2])
    }

    /// The entry without its uuid, what it says in quotes.
    var name: String {
        (title.isEmpty ? "(no title)" : PlainText.quoted(title))
            + (username.isEmpty ? "" : " (\(PlainText.quoted(username)))")
    }

    /// The entry on one line.
    var line: String {
        name + (uuid.isEmpty ? "" : "  \(uuid)")
    }

    fileprivate var json: JSON {
        .object([("uuid", .string(uuid)), ("title", .string(title)), ("username", .string(username))])
    }
}
