// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DisplayText
import KeePassHTTP
import SecureMemory

/// `keybell client get`: the logins of a uuid or a title.
struct ClientGetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Print the login of a uuid, or those of a title.",
        usage: "keybell client get <login> [<options>]",
        discussion: """
            You are asked unless you have allowed just these logins before. Exits with 4 if there is none, with 1 if \
            you denied it, or if --field would have to choose among several of that title.
            """
    )

    @Argument(help: "The uuid (32 hex digits, hyphens or not), or the exact title.")
    var login: String

    @Flag(help: "Ask you to unlock a locked vault.")
    var unlock = false

    @OptionGroup var printing: LoginOutput
    @OptionGroup var options: ClientOptions

    func validate() throws {
        guard !login.isEmpty else { throw ValidationError("The uuid or title is empty.") }
    }

    func run() async throws {
        let client = try await ScriptClient.make(options)
        let shown = PlainText.quoted(login)
        let logins =
            if let uuid = Self.uuid(login) {
                try await client.fetch(
                    .getLoginByUUID,
                    thing: "login of the uuid \(uuid)",
                    fields: [("Uuid", SecretBytes(utf8: uuid))],
                    triggerUnlock: unlock
                )
            } else {
                try await client.fetch(
                    .getLoginsByNames,
                    thing: "login with the title \(shown)",
                    names: [login],
                    triggerUnlock: unlock
                )
            }
        try await printing.print(logins, isOne: true)
    }

    /// A uuid as the protocol writes it; nil for any other text.
    static func uuid(_ text: String) -> String? {
        let digits = text.filter { $0 != "-" }
        guard digits.utf8.count == 32, digits.allSatisfy(\.isHexDigit) else { return nil }
        return digits.uppercased()
    }
}
