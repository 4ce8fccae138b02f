// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// What the person is asked to confirm: an allow, with what was chosen beside it.
package struct ConfirmationQuestion: Sendable, Hashable {
    /// The request.
    package let code: String
    /// First what the allow is, then what it is for: all that the person should know before saying yes.
    package let text: String

    /// How many of the chosen logins are named before the rest is counted.
    private static let named = 5

    init(_ request: PendingRequest, allowing choices: Choices, of entries: [EntryLine]) {
        code = request.code
        let lines = [Self.scope(choices, request.kind)] + Self.details(choices, request.kind, entries)
        let whole = lines + ["", request.title, "", request.body]
        text = PlainText.fromLeftToRight(whole.joined(separator: "\n"))
    }

    private static func scope(_ choices: Choices, _ kind: ApprovalKind) -> String {
        switch choices.scope {
        case .always: return "Allow always"
        case .session:
            let most = choices.seconds.map { ", for \(($0 + 59) / 60) min at most" } ?? ""
            return "Allow for this session" + most
        case .once: return [.release, .save].contains(kind) ? "Allow once" : "Allow"
        }
    }

    private static func details(_ choices: Choices, _ kind: ApprovalKind, _ entries: [EntryLine]) -> [String]
    {
        var lines: [String] = []
        if kind == .associate, let id = choices.id { lines.append("Its name: \(PlainText.quoted(id))") }
        if let uuids = choices.entries.map(Set.init) {
            let chosen = entries.filter { uuids.contains($0.uuid) }
            let names = chosen.prefix(named).map(Wording.login).joined(separator: ", ")
            let rest = chosen.count - min(chosen.count, named)
            lines.append("Only: \(names)" + (rest > 0 ? " and \(rest) more" : ""))
        }
        if !choices.leftOut.isEmpty {
            let parts = [
                choices.leftOut.contains(.passwords) ? "passwords" : nil,
                choices.leftOut.contains(.fields) ? "string fields" : nil,
            ]
            lines.append("Without \(parts.compactMap(\.self).joined(separator: " and "))")
        }
        return lines
    }
}
