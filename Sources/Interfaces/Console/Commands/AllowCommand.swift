// SPDX-License-Identifier: Apache-2.0

import Approval
import ArgumentParser
import BusInterface
import DBus
import DisplayText

/// For how long an answer holds.
enum ScopeArgument: String, ExpressibleByArgument, CaseIterable {
    case once, session, always
}

extension ScopeArgument {
    /// Why an answer to this request can't hold for that long; nil if it can.
    func mistake(for request: RequestDetails, denying: Bool) -> String? {
        guard self != .once, !request.canBeRemembered else { return nil }
        let option = "leave out --scope \(rawValue)."
        return switch (request.kind, denying) {
        case ("associate", false), ("overwrite", false):
            "A client that is let in is known until you revoke it, and you are asked about its logins then: \(option)"
        case ("associate", true), ("overwrite", true):
            "That a client isn't let in is remembered for a moment only; --mute MINUTES keeps its program quiet for longer: \(option)"
        case ("unlock", false): "An unlock can't be allowed beforehand: \(option)"
        case ("unlock", true):
            "An unlock can't be denied beforehand; --mute MINUTES keeps its program quiet: \(option)"
        default:
            "What reads more than one host's logins is \(denying ? "denied" : "allowed") once each time: \(option)"
        }
    }
}

/// A request's code as it is typed: upper or lower case alike.
struct CodeArgument {
    let text: String

    init(_ argument: String) throws(ValidationError) {
        guard let code = RequestCode.normalized(argument) else {
            throw ValidationError(
                "A code has four of the characters \(String(RequestCode.alphabet)), and so neither 0, 1, I, L nor O."
            )
        }
        text = code
    }
}

/// `keybell allow`: says yes to a request.
struct AllowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "allow",
        abstract: "Allow a request.",
        usage: "keybell allow <code> [<options>]",
        discussion: "The code stands in the notification and in `keybell requests`."
    )

    @ArgumentParser.Argument(
        help: "The request's four characters, such as 7F2A.",
        completion: Completions.codes,
        transform: { try CodeArgument($0) }
    )
    var code: CodeArgument

    @Option(help: "The name to give to a new client.")
    var id: String?

    @Option(help: "Whether this holds once, for the session, or always.")
    var scope: ScopeArgument?

    @Option(
        help: ArgumentHelp(
            "Allow just this login: its number in `keybell requests CODE`, its title or its uuid; may be given several times.",
            valueName: "number|title|uuid"
        )
    )
    var entry: [String] = []

    @Flag(help: "Allow titles and user names alone: no passwords and no string fields go out.")
    var namesOnly = false

    @Option(help: "With --scope session: for how many minutes at most, from 1 to 525600 (a year).")
    var minutes: Int?

    @OptionGroup var output: JSONOption

    func validate() throws {
        guard minutes == nil || scope == .session else {
            throw ValidationError("--minutes needs --scope session.")
        }
        guard !namesOnly || scope == nil || scope == .once else {
            throw ValidationError("--names-only holds once: leave out --scope.")
        }
        guard minutes.map({ 1...525_600 ~= $0 }) ?? true else {
            throw ValidationError("--minutes must be from 1 to 525600 (a year).")
        }
    }

    func run() async throws {
        let daemon = try await DaemonBus.connect()
        let request = try await daemon.request(code.text)
        if let mistake = mistake(for: request) { throw ConsoleError.refused(mistake) }
        guard confirmsAlways(request) else { throw ConsoleError.refused("Nothing was allowed.") }
        let entries = entry.isEmpty ? request.entries : try await daemon.entries(of: request)
        let choices = AnswerChoices(
            id: id,
            entries: try EntryChoice.uuids(of: entry, among: entries),
            fields: namesOnly ? AnswerChoices.everythingButNames : [],
            scope: scope?.rawValue,
            seconds: minutes.map { UInt32($0) * 60 }
        )
        guard request.isConfirmed else {
            try await daemon.answer(code.text, ApprovalInterface.Decision.allow, choices)
            tell(
                request,
                choices,
                among: entries,
                isAbandoned: await ended(daemon)?.isAbandoned ?? false
            )
            await noteTaken(request, choices, daemon)
            return await noteLock(request, daemon)
        }
        let end = try await daemon.end(of: code.text)
        Output.note("Confirm it in the window that pinentry opens.")
        try await daemon.answer(code.text, ApprovalInterface.Decision.allow, choices)
        let ending = await end.ending(within: .seconds(Int64(clamping: request.timeLeft)))
        guard ending == .ended("allowed") else { throw Self.unconfirmed(ending) }
        var ended = await ended(daemon)
        if ended?.isBeingKept == true {
            await end.kept(within: .seconds(15))
            ended = await self.ended(daemon)
        }
        // As where nothing has to be confirmed.
        if let trouble = ended?.keepTrouble { throw ConsoleError.refused(trouble) }
        tell(request, choices, among: entries, isAbandoned: ended?.isAbandoned ?? false)
        await noteTaken(request, choices, daemon)
        await noteLock(request, daemon)
    }

    /// What to say of an allow that was not confirmed.
    static func unconfirmed(_ ending: RequestEnd.Ending?) -> ConsoleError {
        switch ending {
        case .ended(let outcome): .refused("It was not confirmed: the request was \(outcome).")
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

    /// Says when a name that was given is another client's, which a second question is about.
    private func noteTaken(_ request: RequestDetails, _ choices: AnswerChoices, _ daemon: DaemonBus) async {
        // What can't be asked now isn't said.
        guard request.kind == "associate", !request.isQuiet,
            let clients = try? await daemon.clients(starts: false),
            let text = Self.takenNote(request, choices, clients)
        else { return }
        Output.note(text)
    }

    /// What to say of a name that another key has; nil where none has it.
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

    /// What doesn't fit the request among the options, in the options' words; nil if all do.
    func mistake(for request: RequestDetails) -> String? {
        guard !request.isQuiet else { return nil }
        let isRelease = request.kind == "release"
        if id != nil, request.kind != "associate" {
            return "--id is for a new client, and this request is none: leave it out."
        }
        if !entry.isEmpty || namesOnly, !isRelease {
            return
                "\(namesOnly ? "--names-only" : "--entry") is for logins that go out, and here none do: leave it out."
        }
        return scope?.mistake(for: request, denying: false)
    }

    /// Says when the program gets nothing for all that, since the vault has been locked, by the screen's lock mostly.
    private func noteLock(_ request: RequestDetails, _ daemon: DaemonBus) async {
        // What can't be asked now isn't said.
        guard ["release", "save"].contains(request.kind),
            let vaults = try? await daemon.vaults(starts: false),
            let text = Self.lockNote(request, vaults)
        else { return }
        Output.note(text)
    }

    /// What to say of the vault that a request is about; nil while it is open.
    static func lockNote(_ request: RequestDetails, _ vaults: [[String: Value]]) -> String? {
        let name = request.members.cleanText(ApprovalInterface.Detail.vault)
        let isLocked = vaults.contains {
            $0.cleanText(VaultsInterface.Key.name) == name && $0[VaultsInterface.Key.locked]?.asBool == true
        }
        guard isLocked else { return nil }
        return "But the vault \(PlainText.name(name)) is locked, so the program gets nothing yet: run "
            + "`keybell unlock \(ShellWord.quoting(name))`, and let it ask again."
    }

    /// What is known of the request now that it is allowed.
    private func ended(_ daemon: DaemonBus) async -> RequestDetails? {
        // It is allowed, whether the daemon can still be asked or not.
        guard let recent = try? await daemon.recentRequests(starts: false) else { return nil }
        return recent.last { $0.code == code.text }
    }

    private func tell(
        _ request: RequestDetails,
        _ choices: AnswerChoices,
        among entries: [RequestDetails.Entry],
        isAbandoned: Bool
    ) {
        output.json
            ? Output.json(Self.json(request, choices, among: entries, isAbandoned: isAbandoned))
            : Output.text(
                Self.summary(request, choices, among: entries, isAbandoned: isAbandoned).joined(
                    separator: "\n"
                )
            )
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
            ("abandoned", .bool(isAbandoned)), ("kind", .string(request.kind)),
            ("title", .string(request.title)),
            ("id", (choices.id ?? request.suggestedID).map { .string($0) } ?? .null),
            ("scope", .string(choices.scope ?? "once")),
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

    /// Asks once more before something is allowed for good; a script has nobody to ask.
    private func confirmsAlways(_ request: RequestDetails) -> Bool {
        guard scope == .always else { return true }
        return Output.confirm("\(request.title)\nAllow this always, without asking you again?") ?? true
    }

    /// What was allowed.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - choices: What was chosen.
    ///   - entries: All its logins, where some were chosen; else the first.
    ///   - isAbandoned: Whether whoever asked had given up.
    /// - Returns: The lines.
    static func summary(
        _ request: RequestDetails,
        _ choices: AnswerChoices,
        among entries: [RequestDetails.Entry]? = nil,
        isAbandoned: Bool = false
    ) -> [String] {
        guard !request.isQuiet else {
            let what = request.mutedUntil == nil ? "quiet time" : "mute"
            return ["\(request.code): the \(what) is over; you are asked when the program asks again."]
        }
        var lines = ["Allowed \(request.code): \(request.title)"]
        if request.kind == "associate" {
            lines.append(
                "  as \((choices.id ?? request.suggestedID).map { PlainText.quoted($0) } ?? "suggested")"
            )
        }
        lines += chosen(entries ?? request.entries, choices).map { "  " + $0.line }
        let rest = choices.entries.isEmpty ? request.entryCount - request.entries.count : 0
        if rest > 0 { lines.append("  … and \(rest) more") }
        if choices.fields == AnswerChoices.everythingButNames {
            lines.append("  names alone, without passwords and fields")
        }
        switch choices.scope {
        case "always": lines.append("  always")
        case "session": lines.append("  for this session")
        default: break
        }
        if isAbandoned { lines.append("  The program had given up by then: ask again in the program.") }
        return lines
    }
}
