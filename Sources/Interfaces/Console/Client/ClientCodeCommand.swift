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
            seed itself. Exits with 4 if there is no login or no code, with 1 if you denied it.
            """
    )

    @OptionGroup var page: PageArguments
    @OptionGroup var output: JSONOption
    @OptionGroup var options: ClientOptions

    func run() async throws {
        let logins = try await page.fetch(options)
        guard !logins.entries.isEmpty else { throw await logins.emptiness() }
        for entry in logins.entries {
            guard let code = Self.code(of: entry, at: Int64(clamping: Moment.now())) else { continue }
            output.json
                ? EntryPrinter.print(object: [("code", .secret(code)), ("uuid", .text(entry.uuid))])
                : EntryPrinter.line(code)
            return
        }
        throw ConsoleError.nothing(
            "No one-time code came with the login for \(PlainText.cleaned(page.url)). Give it a string field "
                + "“KPH: code” that says {TOTP}, and set `return = true` under [fields] or for this client."
        )
    }

    /// The code of an entry: a field that is one already, else what its seed makes.
    static func code(of entry: ReplyEntry, at time: Int64) -> SecretBytes? {
        for name in ["code", "totp", "otp", "one-time code"] {
            let field = entry.stringFields.first { $0.key.lowercased() == name && isCode($0.value) }
            if let field { return field.value }
        }
        let fields = entry.stringFields.map { ($0.key, $0.value) }
        return OneTimeCode(fields: Dictionary(fields) { first, _ in first })?.code(at: time)
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
