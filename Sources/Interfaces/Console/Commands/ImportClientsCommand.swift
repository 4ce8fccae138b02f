// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Audit
import DisplayText
import Glibc
import Linux
import SecretService
import Settings

/// `keybell import-clients`: takes over the associations of the KeePassHttp plugin.
struct ImportClientsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-clients",
        abstract: "Take over the clients' keys that the KeePassHttp plugin keeps in a KeePass file.",
        usage: "keybell import-clients <file> [<options>]",
        discussion: """
            Browser extensions and scripts that were associated with KeePass go on working: their keys go from the \
            entry "KeePassHttp Settings" into your keyring. The file is only read. As nobody knows which program \
            a key belongs to, you are asked when it first wants a login; "Always" there settles it.
            The password is asked for at the terminal, or read from standard input (its first line).
            """
    )

    @Argument(help: "The .kdbx file.", completion: .file(extensions: ["kdbx"]))
    var file: String

    @OptionGroup var source: SourceDatabaseOptions

    @Flag(help: "Replace a key of the same Id that is there already.")
    var overwrite = false

    @OptionGroup var output: JSONOption

    /// Keeps a record of a key that is stored, where `keybell log` finds it.
    private static func record(_ id: String) {
        let record = AuditRecord(
            .imported,
            time: Moment.now(),
            [.client: PlainText.field(id), .by: ProcessTable.executable(of: getpid())]
        )
        do throws(SystemCallError) {
            try AuditFile(folder: Folders.ofProcess().state).append(record)
        } catch {
            Output.note("It could not be recorded that \(PlainText.name(id)) was imported: \(error.words).")
        }
    }

    func run() async throws {
        let daemon = try await DaemonBus.connect()
        let state = await daemon.configuration().details
        // The keyring is the one that the daemon looks into.
        let serving = try ServingSettings.find(source.config, state)
        let keys = try PluginKeys(source.open(file))
        let keyring = try await Keyring.open(daemon, collection: serving.collection)
        let result = try await KeyImport(keys, into: keyring, overwrites: overwrite, stored: Self.record)
        if output.json {
            Output.json(result.json)
        } else {
            for line in result.text { Output.line(line) }
        }
        // Told above, line by line.
        if result.isIncomplete { throw ExitCode(1) }
    }
}
