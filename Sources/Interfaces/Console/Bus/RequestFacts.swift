// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus
import DisplayText

extension RequestDetails {
    /// What is known of a request beside its title, its text and its entries, each under the name of its detail.
    ///
    /// What a program says of itself is in quotes.
    var facts: [(name: String, text: String)] {
        typealias Key = ApprovalInterface.Detail
        let shownOtherwise: Set = [
            Key.title, Key.body, Key.warnings, Key.entries, Key.entryCount, Key.created, Key.deadline,
            Key.ended,
            Key.outcome,
            Key.caller,
        ]
        let own = members.filter { !shownOtherwise.contains($0.key) }
        let caller = members[Key.caller]?.vardict ?? [:]
        return
            (Self.lines(own)
            + Self.lines(
                caller,
                quoting: [ApprovalInterface.Caller.origin, ApprovalInterface.Caller.userAgent]
            ))
            .filter { !$0.text.isEmpty }
    }

    /// Who asks, for the person who wants to know more than the title says, and what it says of itself in quotes.
    var asker: [String] {
        typealias Key = ApprovalInterface.Caller
        let caller = members[ApprovalInterface.Detail.caller]?.vardict ?? [:]
        let processes = (caller[Key.processes]?.asArray ?? []).compactMap(\.asString).map(PlainText.cleaned)
        let executable = caller[Key.executable]?.asString ?? ""
        var lines: [String] = []
        if !executable.isEmpty {
            let pid = caller[Key.pid]?.asUInt32.map { " (\($0))" } ?? ""
            let parents = processes.dropFirst().prefix(Self.nearParents).joined(separator: ", ")
            lines.append(
                "Program: \(PlainText.name(executable))\(pid)"
                    + (parents.isEmpty ? "" : ", started by \(parents)")
            )
        }
        for (name, key) in [("origin", Key.origin), ("user agent", Key.userAgent)] {
            if let claim = caller[key]?.asString {
                lines.append("It says: \(name) \(PlainText.quoted(claim))")
            }
        }
        let key = members.cleanText(ApprovalInterface.Detail.fingerprint)
        if !key.isEmpty { lines.append("Its key: \(key)") }
        return lines
    }

    /// All that is searched for, where the title shows a part of that.
    var wholeSearch: [String] {
        guard let search = members[ApprovalInterface.Detail.search]?.asString else { return [] }
        let whole = PlainText.quoted(search, limit: max(search.utf8.count, 1))
        return title.contains(whole) ? [] : ["It searches for \(whole)"]
    }

    /// How many parents are named: enough to tell a terminal from a script.
    private static let nearParents = 4

    private static func lines(
        _ members: [String: Value],
        quoting quoted: Set<String> = []
    ) -> [(name: String, text: String)] {
        members.sorted { $0.key < $1.key }.map { name, value in
            let text = text(value)
            return (PlainText.field(name), quoted.contains(name) ? PlainText.quoted(text) : text)
        }
    }

    private static func text(_ value: Value) -> String {
        switch value {
        case .boolean(let flag): flag ? "yes" : "no"
        case .string(let text): PlainText.field(text)
        case .array(_, let values): values.map(text).joined(separator: ", ")
        default: value.asUInt64.map { String($0) } ?? value.asUInt32.map { String($0) } ?? ""
        }
    }
}
