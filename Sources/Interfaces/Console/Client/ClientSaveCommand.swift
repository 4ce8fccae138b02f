// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DisplayText
import KeePassHTTP
import SecureMemory

/// `keybell client save`: makes or changes a login.
struct ClientSaveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "save",
        abstract: "Save a login; with --uuid, change one.",
        usage: "keybell client save <url> [<options>]",
        discussion: """
            The password is asked for at the terminal, or read from standard input (its first line); it is never an \
            argument, since arguments can be seen by others.
            """
    )

    @Argument(help: "The page.")
    var url: String

    @Option(help: "The user name.")
    var user: String?

    @Option(help: "The title; else the page's host.")
    var title: String?

    @Option(help: "Where the form is sent to, if that is another host.")
    var submitURL: String?

    @Option(help: "The realm of HTTP authentication.")
    var realm: String?

    @Option(help: "Change the entry of this uuid.")
    var uuid: String?

    @Flag(help: "Leave the password as it is (with --uuid), or save none.")
    var noPassword = false

    @Flag(help: "Ask you to unlock a locked vault.")
    var unlock = false

    @OptionGroup var options: ClientOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        guard !url.isEmpty else { throw ValidationError("The URL is empty.") }
        guard uuid.map({ ClientGetCommand.uuid($0) != nil }) ?? true else {
            throw ValidationError("--uuid takes 32 hex digits, hyphens or not.")
        }
    }

    func run() async throws {
        let client = try await ScriptClient.make(options)
        // Before a password is typed for nothing.
        _ = try await client.findKeys()
        let password = noPassword ? nil : try PasswordInput.read()
        var fields = [(name: "Url", value: SecretBytes(utf8: url))]
        let texts = [
            ("Login", user), ("Name", title), ("SubmitUrl", submitURL), ("Realm", realm),
            ("Uuid", uuid.flatMap(ClientGetCommand.uuid)),
        ]
        for (name, text) in texts { if let text { fields.append((name, SecretBytes(utf8: text))) } }
        if let password { fields.append(("Password", password)) }
        let reply = try await client.ask(.setLogin, fields: fields, triggerUnlock: unlock)
        let saved = PlainText.cleaned(reply.uuid ?? "")
        if output.json {
            Output.json(.object([("uuid", .string(saved))]))
        } else {
            Output.line("Saved" + (saved.isEmpty ? "." : ": \(saved)"))
        }
    }
}
