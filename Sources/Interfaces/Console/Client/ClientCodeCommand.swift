// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DisplayText
import KeePassHTTP
import SecureMemory
import Vault

/// `keybell client code`: a login's one-time code.
struct ClientCodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "code",
        abstract: "Print the one-time code of the best match for a URL.",
        usage: "keybell client code <url> [<options>]",
        discussion: """
            It comes from the string fields that Keybell hands out to this client ([fields] return = true): one \
            named “KPH: code” that says {TOTP}, so that the seed stays in the vault; or, with only_kph = false, the \
            seed itself; then standard error, or seconds-left with --json, says for how long the code is good. Exits with 4 if there is no login or no code, with 1 if you denied it, or if there is more \
            than one login with a code and no --uuid.
            """
    )

    @OptionGroup var page: PageArguments

    @Option(help: "The login's uuid, where there are several with a code.")
    var uuid: String?

    @OptionGroup var output: JSONOption
    @OptionGroup var options: ClientOptions

    func validate() throws {
        guard uuid.map({ ClientGetCommand.uuid($0) != nil }) ?? true else {
            throw ValidationError("--uuid takes 32 hex digits, hyphens or not.")
        }
    }

    func run() async throws {
        let logins = try await page.fetch(options)
        guard !logins.entries.isEmpty else { throw await logins.emptiness() }
        let wanted = uuid.flatMap(ClientGetCommand.uuid)
        let meant = logins.entries.filter { wanted == nil || ClientGetCommand.uuid($0.uuid) == wanted }
        if let wanted, meant.isEmpty {
            throw ConsoleError.nothing(
                "No login of the uuid \(wanted) came for \(PlainText.cleaned(page.url)). "
                    + "`keybell client logins` lists those that come."
            )
        }
        let codes = meant.compactMap { entry in
            Self.code(of: entry, at: Int64(clamping: Moment.now())).map { (entry: entry, code: $0) }
        }
        guard let (entry, made) = codes.first else {
            if await logins.keptBack().contains("fields"), let best = meant.first {
                throw ConsoleError.nothing(FetchedLogins.withoutFields(best.name))
            }
            throw ConsoleError.nothing(
                Self.missing(page.url, faulty: meant.compactMap(Self.faultyField).first)
            )
        }
        guard codes.count == 1 else {
            throw logins.ambiguity(of: codes.map(\.entry), advice: "say --uuid and one of these")
        }
        guard output.json else {
            EntryPrinter.line(made.code)
            if let left = made.secondsLeft { Output.note("Good for \(Amount.of(Int(left), "second")).") }
            return
        }
        let left = made.secondsLeft.map { [("seconds-left", EntryPrinter.Member.number($0))] } ?? []
        EntryPrinter.print(object: [("code", .secret(made.code)), ("uuid", .text(entry.uuid))] + left)
    }

    static func missing(_ page: String, faulty: (title: String, field: String)?) -> String {
        if let faulty {
            return "No one-time code can be made for \(PlainText.cleaned(page)): the string field "
                + "\(PlainText.quoted(faulty.field)) of \(PlainText.quoted(faulty.title)) holds neither a code nor a "
                + "seed that can be read. Look at it in KeePass."
        }
        return "No one-time code came with the login for \(PlainText.cleaned(page)). Give it a string field "
            + "“KPH: code” that says {TOTP}, and set `return = true` under [fields] or for this client. Keybell's log "
            + "says if its seed can't be read."
    }

    /// A field that should give a code and doesn't.
    static func faultyField(of entry: ReplyEntry) -> (title: String, field: String)? {
        let seeds = ["otp", "totp seed", "timeotp-secret", "hmacotp-secret"]
        let field = entry.stringFields.map(\.key).first { key in
            let name = key.lowercased()
            return codeNames.contains(name) || seeds.contains { name.hasPrefix($0) }
        }
        return field.map { (entry.name, $0) }
    }

    private static let codeNames = ["code", "totp", "otp", "one-time code"]

    /// A code, and for how many seconds it is good, which nobody but who made it knows.
    struct Code: Equatable {
        let code: SecretBytes
        let secondsLeft: UInt32?
    }

    /// The code of an entry: a field that is a code already, or one made from its seed.
    static func code(of entry: ReplyEntry, at time: Int64) -> Code? {
        for name in codeNames {
            let field = entry.stringFields.first { $0.key.lowercased() == name && isCode($0.value) }
            if let field { return Code(code: field.value, secondsLeft: nil) }
        }
        let fields = entry.stringFields.map { ($0.key, $0.value) }
        let maker = OneTimeCode(fields: Dictionary(fields) { first, _ in first })
        guard let maker, let code = maker.code(at: time) else { return nil }
        return Code(code: code, secondsLeft: UInt32(clamping: maker.secondsLeft(at: time)))
    }

    /// Whether a field holds a code rather than a seed: four to ten digits, or five letters and digits (Steam).
    private static func isCode(_ field: SecretBytes) -> Bool {
        field.withSpan { span in
            guard 4...10 ~= span.count else { return false }
            let isNumber = span.indices.allSatisfy { (0x30...0x39).contains(span[$0]) }
            let isWord = span.indices.allSatisfy {
                (0x30...0x39).contains(span[$0]) || (0x41...0x5A).contains(span[$0])
            }
            return isNumber || isWord && span.count == 5
        }
    }
}
