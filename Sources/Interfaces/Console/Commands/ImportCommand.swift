// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LoginExport

/// `keybell import`: takes over the logins of another program.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take over logins that another program has exported.",
        usage: "keybell import <file> [<options>]",
        discussion: """
            FILE is a CSV file as Firefox, Chrome, Edge, Brave, Bitwarden and KeePassXC export it, or a KeePass database \
            (.kdbx); which it is shows by how it begins. `-` is standard input. What isn't in the vault yet is added, all \
            of it as one save; a login that is there already with another password or other details is left as it is, and \
            told. A row that can't be read is told by its line.
            Folders, notes, further addresses, string fields and the secrets of one-time codes are kept. A KeePass \
            database's recycle bin, attachments and history aren't taken over.
            Exits with 1 if anything is left out. Delete the file afterwards: it has your passwords in plain text.
            """
    )

    @Argument(
        help: "The CSV file or KeePass database; `-` for standard input.",
        completion: .file(extensions: ["csv", "kdbx"])
    )
    var file: String

    @Option(help: "The vault they go into; else the first.", completion: Completions.vaults)
    var vault: String?

    @Option(help: "The group they go into, with their own folders in it; else their own folders.")
    var group: String?

    @Flag(help: "Only say what would be added; nothing is changed.")
    var dryRun = false

    @OptionGroup var source: SourceDatabaseOptions

    @OptionGroup var output: JSONOption

    func run() async throws {
        // Before anybody is asked for anything.
        let file = try ImportFile(file)
        let (isKept, kind) = (file.isRegular, file.kind)
        let daemon = try await DaemonBus.connect().trusted()
        let vault = try await daemon.openVault(vault)
        let (lines, header): (ImportLines, ExportHeader?)
        switch kind {
        case .csv(let columns):
            lines = try await send(.csv(file, columns), to: daemon, vault)
            header = columns
        case .kdbx:
            lines = try await send(.kdbx(try source.open(self.file)), to: daemon, vault)
            header = nil
        }
        let report = ImportReport(
            lines: lines,
            file: self.file,
            header: header,
            vault: vault,
            isDryRun: dryRun,
            isKept: isKept
        )
        if output.json {
            Output.json(report.json)
        } else {
            for line in report.text { Output.text(line) }
        }
        // Told above, line by line.
        if lines.isIncomplete { throw ExitCode(1) }
    }

    private func send(
        _ source: sending ImportSource,
        to daemon: DaemonBus,
        _ vault: String
    ) async throws(ConsoleError) -> ImportLines {
        try await ImportSending.run(source, to: daemon, vault: vault, group: group ?? "", isDryRun: dryRun)
    }
}
