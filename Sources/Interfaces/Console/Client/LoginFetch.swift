// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DisplayText
import KeePassHTTP
import SecureMemory

/// How the commands that fetch logins print them.
struct LoginOutput: ParsableArguments {
    @Option(
        help:
            "Print just this of the best match: password, username, title, uuid, group, or a string field's name."
    )
    var field: String?

    @OptionGroup var output: JSONOption

    func validate() throws {
        guard field == nil || !output.json else {
            throw ValidationError("--field and --json exclude each other.")
        }
    }

    /// Prints what came, or says why nothing did.
    ///
    /// - Parameters:
    ///   - logins: What came.
    ///   - other: What to print alone instead of what `--field` says.
    ///   - isOne: Whether only one login was meant, so that a value of several isn't printed.
    ///   - asLines: Whether a login takes one line, without its password, when a person reads it.
    /// - Throws: What to say if nothing came, or not that field.
    func print(
        _ logins: FetchedLogins,
        field other: String? = nil,
        isOne: Bool = false,
        asLines: Bool = false
    ) async throws {
        if output.json { EntryPrinter.print(json: logins.entries.map(EntryPrinter.members)) }
        // With --json an empty list is already on standard output.
        guard let best = logins.entries.first else { throw await logins.emptiness() }
        if output.json { return }
        guard let name = field ?? other else {
            guard !asLines else { return EntryPrinter.print(lines: logins.entries) }
            logins.entries.forEach(EntryPrinter.print)
            return await noteKeptBack(of: logins)
        }
        guard !isOne || logins.entries.count == 1 else {
            throw logins.ambiguity(of: logins.entries, advice: "name one by its uuid")
        }
        guard let value = EntryPrinter.value(name, of: best) else {
            throw await ConsoleError.nothing(Self.missing(name, in: best, keptBack: logins.keptBack()))
        }
        guard !value.isEmpty else {
            throw await ConsoleError.nothing(Self.empty(name, in: best, keptBack: logins.keptBack()))
        }
        EntryPrinter.line(value)
    }

    /// Says what is missing in what was printed since the person has kept it back.
    private func noteKeptBack(of logins: FetchedLogins) async {
        guard let bare = logins.entries.first(where: \.password.isEmpty) else { return }
        let keptBack = await logins.keptBack()
        if keptBack.contains("passwords") {
            Output.note(Self.empty("password", in: bare, keptBack: keptBack))
        }
    }

    /// What to say about a field that an entry lacks.
    static func missing(_ name: String, in entry: ReplyEntry, keptBack: Set<String>) -> String {
        guard !keptBack.contains("fields") else { return FetchedLogins.withoutFields(entry.name) }
        let names = (EntryPrinter.fieldNames + entry.stringFields.map(\.key)).map { PlainText.name($0) }
        return "\(PlainText.quoted(entry.name)) was sent without a field \(PlainText.quoted(name)). It has: "
            + names.joined(separator: ", ") + ". Further fields go out with `[fields] return = true`."
    }

    /// What to say about a field that came without a value.
    static func empty(_ name: String, in entry: ReplyEntry, keptBack: Set<String>) -> String {
        guard name.lowercased() == "password", keptBack.contains("passwords") else {
            return "\(PlainText.quoted(entry.name)) came with an empty \(PlainText.name(name))."
        }
        return "\(PlainText.quoted(entry.name)) came without its password, since that is what you allowed."
    }
}

/// The logins that came for one request, and what is needed to say why there are none.
struct FetchedLogins: Sendable {
    let entries: [ReplyEntry]
    /// What was asked for, to follow "There is no".
    let thing: String
    /// The URL that it was asked for; nil if it was for none.
    let page: String?
    let client: String
    let record: OwnRequestLog

    /// That several came when one was meant, with what tells them apart.
    func ambiguity(of entries: [ReplyEntry], advice: String) -> ConsoleError {
        Self.ambiguity(of: entries, thing: thing, advice: advice)
    }

    static func ambiguity(of entries: [ReplyEntry], thing: String, advice: String) -> ConsoleError {
        let lines = entries.map { entry in
            [entry.uuid, PlainText.quoted(entry.name), PlainText.quoted(entry.login)].map(PlainText.cleaned)
        }
        let list = Columns.lines(lines).map { "\n  " + $0 }.joined()
        return .refused("There is more than one \(thing): \(advice).\(list)")
    }

    /// What the person kept back of them when they allowed it.
    func keptBack() async -> Set<String> { await record.keptBack(client: client) }

    /// That a login has no string fields because the person allowed it without them.
    static func withoutFields(_ title: String) -> String {
        "\(PlainText.quoted(title)) came without its string fields, since that is what you allowed."
    }

    /// Whether there is surely none, rather than one that the person kept back.
    func isNoneThere() async -> Bool {
        guard entries.isEmpty else { return false }
        return await record.reason(client: client, page: page) == .nothing
    }

    /// Why there isn't one.
    func emptiness() async -> ConsoleError {
        await record.reason(client: client, page: page)
            .error(for: thing, client: client, now: Moment.now())
    }
}

extension ScriptClient {
    /// Asks for logins.
    func fetch(
        _ type: RequestType,
        thing: String,
        page: String? = nil,
        fields: [(name: String, value: SecretBytes)] = [],
        names: [String] = [],
        flags: [(name: String, value: Bool)] = [],
        triggerUnlock: Bool = false,
        associates: Bool = false
    ) async throws(ConsoleError) -> FetchedLogins {
        let record = await OwnRequestLog.begin(daemon)
        let reply = try await ask(
            type,
            fields: fields,
            names: names,
            flags: flags,
            triggerUnlock: triggerUnlock,
            associates: associates
        )
        return FetchedLogins(
            entries: reply.entries,
            thing: thing,
            page: page,
            client: PlainText.cleaned(reply.id ?? ""),
            record: record
        )
    }
}

/// Which page logins are for.
struct PageArguments: ParsableArguments {
    @Argument(help: "The page, or the exact title of an entry.")
    var url: String

    @Option(help: "Where the form is sent to, if that is another host.")
    var submitURL: String?

    @Option(help: "The realm of HTTP authentication.")
    var realm: String?

    @Flag(help: "Ask you to unlock a locked vault.")
    var unlock = false

    func validate() throws {
        guard !url.isEmpty else { throw ValidationError("The URL is empty.") }
    }

    func fetch(_ options: ClientOptions) async throws -> FetchedLogins {
        var fields = [(name: "Url", value: SecretBytes(utf8: url))]
        if let submitURL { fields.append(("SubmitUrl", SecretBytes(utf8: submitURL))) }
        if let realm { fields.append(("Realm", SecretBytes(utf8: realm))) }
        return try await ScriptClient.make(options).fetch(
            .getLogins,
            thing: "login for \(PlainText.cleaned(url))",
            page: url,
            fields: fields,
            triggerUnlock: unlock
        )
    }
}
