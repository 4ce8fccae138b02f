// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import KeePassHTTP
import SecureMemory

/// `keybell client generate`: a fresh password.
struct ClientGenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Print a fresh password, made as [generate] in the configuration says.",
        usage: "keybell client generate [<options>]"
    )

    @OptionGroup var options: ClientOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let reply = try await ScriptClient.make(options).ask(.generatePassword)
        guard let entry = reply.entries.first, !entry.password.isEmpty else {
            throw ConsoleError.refused("Keybell sent no password.")
        }
        if output.json {
            // What isn't a number is no number of bits.
            let bits = UInt32(entry.login).map { EntryPrinter.Member.number($0) }
            EntryPrinter.print(
                object: [("password", .secret(entry.password)), ("bits", bits ?? .text(entry.login))]
            )
        } else {
            EntryPrinter.line(entry.password)
        }
    }
}
