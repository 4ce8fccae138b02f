// SPDX-License-Identifier: Apache-2.0

import Approval
import ArgumentParser
import BusInterface

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

    @OptionGroup(title: "What a new client sees")
    var part: PartOptions

    @Option(help: "Whether this holds once, for the session, or always.")
    var scope: GrantScope?

    @Option(
        help: ArgumentHelp(
            "Allow just this login: its number in `keybell requests CODE`, its title or its uuid; may be given several times.",
            valueName: "number|title|uuid"
        ),
        completion: Completions.entries
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
            scope: scope,
            seconds: minutes.map { UInt32($0) * 60 },
            part: part.named
        )
        let end = request.isConfirmed ? try await daemon.end(of: code.text) : nil
        if end != nil { Output.note("Confirm it in the window that pinentry opens.") }
        try await Interruption.telling("the allow of \(code.text)") { [code] () async throws(ConsoleError) in
            try await daemon.answer(code.text, ApprovalInterface.Decision.allow, choices)
        }
        let ended = if let end { try await confirmed(end, request, daemon) } else { await self.ended(daemon) }
        tell(
            request,
            choices,
            among: entries,
            isAbandoned: ended?.isAbandoned ?? false,
            await RememberedDenials.behind([request], daemon)
        )
        await noteTaken(request, choices, daemon)
        await noteLock(request, daemon)
    }

    /// Waits until the allow is confirmed, and kept where it is to be.
    ///
    /// - Returns: What is known of the request then.
    /// - Throws: That it isn't confirmed or kept, or that there is no telling.
    private func confirmed(
        _ end: RequestEnd,
        _ request: RequestDetails,
        _ daemon: DaemonBus
    ) async throws(ConsoleError) -> RequestDetails? {
        let ending = await end.ending(within: .seconds(Int64(clamping: request.timeLeft)))
        guard ending == .ended(.allowed) else { throw Self.unconfirmed(ending) }
        var ended = await ended(daemon)
        if ended?.isBeingKept == true {
            guard await end.isKept(within: .seconds(15)) else { throw Self.unknownWhetherKept }
            ended = await self.ended(daemon)
        }
        // A daemon that can no longer be asked may have ended while it was keeping the answer.
        guard ended != nil || scope.map({ $0 == .once }) ?? true else { throw Self.unknownWhetherKept }
        // As if nothing had to be confirmed.
        if let trouble = ended?.keepTrouble { throw .refused(trouble) }
        return ended
    }

    /// Says so if a given name is another client's, which a second question will be about.
    private func noteTaken(_ request: RequestDetails, _ choices: AnswerChoices, _ daemon: DaemonBus) async {
        // If it can't be asked now, nothing is said.
        guard request.kind == .associate, !request.isQuiet,
            let clients = try? await daemon.clients(starts: false),
            let text = Self.takenNote(request, choices, clients)
        else { return }
        Output.note(text)
    }

    /// Which options don't fit the request, in the options' words; nil if all do.
    func mistake(for request: RequestDetails) -> String? {
        guard !request.isQuiet else { return nil }
        let isRelease = request.kind == .release
        if id != nil, request.kind != .associate {
            return "--id is for a new client, and this request is none: leave it out."
        }
        if !part.named.isEmpty, !request.letsClientIn {
            return
                "--vault, --group and --host are for a new client, and this request is none: leave them out (`keybell restrict` is for one that there is)."
        }
        if !entry.isEmpty || namesOnly, !isRelease {
            return
                "\(namesOnly ? "--names-only" : "--entry") is for logins that go out, and here none do: leave it out."
        }
        return scope?.mistake(for: request, denying: false)
    }

    /// Says so if the program still gets nothing because the vault has been locked, usually by the screen lock, or has never
    /// been opened.
    private func noteLock(_ request: RequestDetails, _ daemon: DaemonBus) async {
        // If it can't be asked now, nothing is said.
        guard !request.isQuiet, let vaults = try? await daemon.vaults(starts: false),
            let text = Self.lockNote(request, vaults)
        else { return }
        Output.note(text)
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
        isAbandoned: Bool,
        _ denials: RememberedDenials
    ) {
        output.json
            ? Output.json(Self.json(request, choices, among: entries, isAbandoned: isAbandoned))
            : Output.text(
                Self.summary(
                    request,
                    choices,
                    among: entries,
                    isAbandoned: isAbandoned,
                    denials: denials
                ).joined(separator: "\n")
            )
    }

    /// Asks once more before something is allowed for good; a script has nobody to ask.
    private func confirmsAlways(_ request: RequestDetails) -> Bool {
        guard scope == .always else { return true }
        return Output.confirm("\(request.title)\nAllow this always, without asking you again?") ?? true
    }
}
