// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DisplayText
import KeePassHTTP
import SecureMemory

/// `keybell client search`: the logins that contain some words.
struct ClientSearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "List the logins in which all words of a text stand.",
        usage: "keybell client search <text> [<options>]",
        discussion: """
            Looks at titles, user names, URLs and tags. A word that begins with a hyphen must not be there (put `--` \
            before a text that begins with one); quotation marks keep words together. You are asked each time. A line has no password; `keybell client get UUID` or \
            --json prints it. Exits with 4 if nothing is found, with 1 if you denied it.
            """
    )

    @Argument(help: "The words.")
    var text: String

    @Flag(help: "Look at notes and string fields, too, once you have allowed the search.")
    var deep = false

    @Flag(help: "Ask you to unlock a locked vault.")
    var unlock = false

    @OptionGroup var printing: LoginOutput
    @OptionGroup var options: ClientOptions

    func validate() throws {
        guard !text.isEmpty else { throw ValidationError("There is nothing to search for.") }
    }

    func run() async throws {
        let logins = try await ScriptClient.make(options).fetch(
            .customSearch,
            thing: "login with \(PlainText.quoted(text)) in it",
            fields: [("SearchString", SecretBytes(utf8: text))],
            flags: deep ? [] : [("SearchInNotes", false), ("SearchInOther", false)],
            triggerUnlock: unlock
        )
        try await printing.print(logins, asLines: true)
    }
}
