// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DisplayText
import KeePassHTTP
import Secrecy

/// `keybell client logins`: the logins for a page.
struct ClientLoginsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logins",
        abstract: "Print the logins for a URL, the best match first.",
        discussion: "Exits with 1 if there is none, or if you denied it."
    )

    @Argument(help: "The page, or the exact title of an entry.")
    var url: String

    @Option(help: "Where the form is sent to, if that is another host.")
    var submitURL: String?

    @Option(help: "The realm of HTTP authentication.")
    var realm: String?

    @Flag(help: "Print just the password of the best match.")
    var passwordOnly = false

    @Flag(help: "Ask you to unlock a locked vault.")
    var unlock = false

    @OptionGroup var options: ClientOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        guard !url.isEmpty else { throw ValidationError("The URL is empty.") }
        guard !passwordOnly || !output.json else {
            throw ValidationError("--password-only and --json exclude each other.")
        }
    }

    func run() async throws {
        var fields = [(name: "Url", value: SecretBytes(utf8: url))]
        if let submitURL { fields.append(("SubmitUrl", SecretBytes(utf8: submitURL))) }
        if let realm { fields.append(("Realm", SecretBytes(utf8: realm))) }
        let reply = try await ScriptClient.make(options).ask(
            .getLogins,
            fields: fields,
            triggerUnlock: unlock
        )
        if output.json {
            EntryPrinter.print(json: reply.entries.map(EntryPrinter.members))
        } else if let best = reply.entries.first {
            passwordOnly ? EntryPrinter.line(best.password) : reply.entries.forEach(EntryPrinter.print)
        }
        // With --json an empty list stands on standard output already.
        guard !reply.entries.isEmpty else {
            throw ConsoleError.refused("No login for \(PlainText.cleaned(url)), or it was denied.")
        }
    }
}
