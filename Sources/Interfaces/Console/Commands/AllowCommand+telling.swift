// SPDX-License-Identifier: Apache-2.0

import Approval
import BusInterface
import DBus
import DisplayText

// What it says about the outcome of an allow.
extension AllowCommand {
    /// What to say about an allow that was not confirmed.
    static func unconfirmed(_ ending: RequestEnd.Ending?) -> ConsoleError {
        switch ending {
        case .ended(let outcome):
            .refused(
                "It was not confirmed: the request "
                    + (outcome.map { "\($0 == .expired ? "has" : "was") \($0.rawValue)." } ?? "has ended.")
            )
        case .unconfirmed(let reason):
            .refused(
                "The allow doesn't count, for it was not confirmed, and the request still waits. \(reason)"
            )
        case .daemonGone:
            .unreachable(
                "Keybell has ended before it was confirmed, and nothing was allowed. `journalctl --user -u keybell` may say why."
            )
        case nil: .refused("It was not confirmed: the request still waits.")
        }
    }

    /// What to say if there is no telling any longer how long an allow holds.
    static var unknownWhetherKept: ConsoleError {
        .unreachable(
            "It was allowed, but Keybell has ended, or is busy, before it was known whether that is kept: look at `keybell grants` later. `journalctl --user -u keybell` may say why."
        )
    }

    /// What to say about a name that another key has; nil if none has it.
    static func takenNote(
        _ request: RequestDetails,
        _ choices: AnswerChoices,
        _ clients: [[String: Value]]
    ) -> String? {
        typealias Key = ClientsInterface.Key
        let key = request.members.cleanText(ApprovalInterface.Detail.fingerprint)
        guard let id = choices.id ?? request.suggestedID,
            clients.contains(where: { $0.cleanText(Key.id) == id && $0.cleanText(Key.fingerprint) != key })
        else { return nil }
        return
            "But another client has the name \(PlainText.quoted(id)): it isn't given yet, you are asked once more "
            + "whether this one takes it over (`keybell requests`)."
    }

    /// What to say about the vault that a request is about; nil while it is open.
    static func lockNote(_ request: RequestDetails, _ vaults: [[String: Value]]) -> String? {
        switch request.kind {
        case .associate: return openingNote(vaults)
        case .release, .save: break
        default: return nil
        }
        let name = request.members.cleanText(ApprovalInterface.Detail.vault)
        let isLocked = vaults.contains {
            $0.cleanText(VaultsInterface.Key.name) == name && $0[VaultsInterface.Key.locked]?.asBool == true
        }
        guard isLocked else { return nil }
        return "But the vault \(PlainText.name(name)) is locked, so the program gets nothing yet: run "
            + "`keybell unlock \(ShellWord.quoting(name))`, and let it ask again."
    }

    /// What to say to whom a new client waits for, while the first vault has never been opened, so that no Hash can be told.
    private static func openingNote(_ vaults: [[String: Value]]) -> String? {
        typealias Key = VaultsInterface.Key
        guard let first = vaults.first, first.cleanText(Key.hash).isEmpty,
            first[Key.locked]?.asBool == true
        else { return nil }
        let name = first.cleanText(Key.name)
        return
            "But the vault \(PlainText.name(name)) has never been opened, and the program gets its answer only after "
            + "that: you are asked for it next (`keybell requests`), or run "
            + "`keybell unlock \(ShellWord.quoting(name))` now."
    }

    /// What was allowed, for programs.
    static func json(
        _ request: RequestDetails,
        _ choices: AnswerChoices,
        among entries: [RequestDetails.Entry]? = nil,
        isAbandoned: Bool = false
    ) -> JSON {
        .object([
            ("code", .string(request.code)), ("allowed", .bool(!request.isQuiet)),
            ("abandoned", .bool(isAbandoned)),
            ("kind", .string(request.members.cleanText(ApprovalInterface.Detail.kind))),
            ("title", .string(request.title)),
            ("id", (choices.id ?? request.suggestedID).map { .string($0) } ?? .null),
            ("scope", .string((choices.scope ?? .once).rawValue)),
            ("vaults", .array(choices.part.vaults.map { .string($0) })),
            ("groups", .array(choices.part.groups.map { .string($0) })),
            ("hosts", .array(choices.part.hosts.map { .string($0) })),
            ("left-out", .array(choices.fields.map { .string($0) })),
            ("entries", .array(chosen(entries ?? request.entries, choices).map { .string($0.uuid) })),
        ])
    }

    private static func chosen(
        _ entries: [RequestDetails.Entry],
        _ choices: AnswerChoices
    ) -> [RequestDetails.Entry] {
        entries.filter { choices.entries.isEmpty || choices.entries.contains($0.uuid) }
    }

    /// What was allowed.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - choices: What was chosen.
    ///   - entries: All its logins if some were chosen; otherwise the first.
    ///   - isAbandoned: Whether whoever asked had given up.
    ///   - denials: What denies the same without a question.
    /// - Returns: The lines.
    static func summary(
        _ request: RequestDetails,
        _ choices: AnswerChoices,
        among entries: [RequestDetails.Entry]? = nil,
        isAbandoned: Bool = false,
        denials: RememberedDenials = RememberedDenials()
    ) -> [String] {
        guard !request.isQuiet else {
            if let end = denials.end(of: request) {
                return [
                    "\(request.code): the quiet time is over. But the same is denied as you decided: \(end)"
                ]
            }
            guard let mute = RequestsCommand.mute(of: request, now: Moment.now()) else {
                return ["\(request.code): the quiet time is over; you are asked when the program asks again."]
            }
            return ["\(request.code): the quiet time is over. But \(mute)"]
        }
        var lines = ["Allowed \(request.code): \(request.title)"]
        if request.kind == .associate {
            lines.append(
                "  as \((choices.id ?? request.suggestedID).map { PlainText.quoted($0) } ?? "suggested")"
            )
        }
        if !choices.part.isEmpty { lines.append("  sees only \(choices.part.words)") }
        lines += chosen(entries ?? request.entries, choices).map { "  " + $0.line }
        let rest = choices.entries.isEmpty ? request.entryCount - request.entries.count : 0
        if rest > 0 { lines.append("  … and \(rest) more") }
        if choices.fields == AnswerChoices.everythingButNames {
            lines.append("  names alone, without passwords and fields")
        }
        switch choices.scope {
        case .always: lines.append("  always")
        case .session: lines.append("  for this session")
        case .once, nil: break
        }
        let isTold = "If that fails, a notification and `keybell requests --recent` say so."
        if request.unlocksKeyring {
            lines.append("  If your keyring is still locked, it asks for its password now. \(isTold)")
        } else if request.kind == .unlock {
            lines.append("  It is being opened. \(isTold)")
        }
        if isAbandoned { lines.append("  The program had given up by then: ask again in the program.") }
        return lines
    }
}
