// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `keybell client logins`: the logins for a page.
struct ClientLoginsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logins",
        abstract: "Print the logins for a URL, the best match first.",
        usage: "keybell client logins <url> [<options>]",
        discussion: "Exits with 4 if there is none, with 1 if you denied it."
    )

    @OptionGroup var page: PageArguments

    @Flag(help: "Print just the password of the best match, as --field password does.")
    var passwordOnly = false

    @OptionGroup var printing: LoginOutput
    @OptionGroup var options: ClientOptions

    func validate() throws {
        guard !passwordOnly || !printing.output.json && printing.field == nil else {
            throw ValidationError("--password-only, --field and --json exclude one another.")
        }
    }

    func run() async throws {
        try await printing.print(try await page.fetch(options), field: passwordOnly ? "password" : nil)
    }
}
