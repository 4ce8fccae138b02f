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
            Key.title, Key.body, Key.entries, Key.entryCount, Key.created, Key.deadline, Key.ended,
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
