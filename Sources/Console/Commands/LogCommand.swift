// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Audit
import DisplayText
import Kernel
import Settings

/// `keybell log`: who got what, when, under which answer.
struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Show who got what, when, and under which answer.",
        discussion: """
            Reads the journal, and the file in the state folder where the daemon writes while there is no journal. \
            Works without the daemon. There is no secret in it, and of an entry just its uuid.
            """
    )

    @Option(
        name: [.customShort("n"), .long],
        help: "How many records to show, the newest; from 1 to 100000."
    )
    var lines = 50

    @Option(help: "Just the records of this client.")
    var client: String?

    @OptionGroup var output: JSONOption

    func validate() throws {
        guard 1...100_000 ~= lines else { throw ValidationError("--lines must be from 1 to 100000.") }
    }

    func run() async throws {
        let records = try await Self.all(newest: client == nil ? lines : 100_000)
            .filter { client == nil || $0.fields[.client] == client }
            .suffix(lines)
        guard !output.json else {
            Output.json(.array(records.map(Self.json)))
            return
        }
        guard !records.isEmpty else {
            guard let client else { return Output.line("Nothing has been recorded yet.") }
            throw ConsoleError.refused(
                "Nothing has been recorded of a client \(PlainText.quoted(client)). `keybell clients` lists their Ids."
            )
        }
        for record in records { Output.line(Self.line(record)) }
    }

    /// What the journal and the file have, the oldest first.
    private static func all(newest count: Int) async throws(ConsoleError) -> [AuditRecord] {
        var records: [AuditRecord] = []
        do throws(KernelError) {
            records = try AuditFile(folder: Folders.ofProcess().state).records()
        } catch {
            throw .refused("The record can't be read: \(error).")
        }
        do throws(AuditJournalError) {
            records += try await AuditJournal.records(newest: count)
        } catch {
            Output.note("The journal can't be read: `journalctl --user -u keybell` may say why.")
        }
        // Those of one second stay in their order.
        return records.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
            .map(\.element)
    }

    static func line(_ record: AuditRecord) -> String {
        Moment.text(record.time) + "  " + PlainText.cleaned(record.sentence)
    }

    static func json(_ record: AuditRecord) -> JSON {
        let fields = record.fields.sorted { $0.key.rawValue < $1.key.rawValue }
        return .object(
            [("time", .number(record.time)), ("event", .string(record.event.rawValue))]
                + fields.map { field, value in
                    switch field {
                    case .count: (field.rawValue, UInt64(value).map { .number($0) } ?? .string(value))
                    case .entries:
                        (field.rawValue, .array(value.split(separator: " ").map { .string(String($0)) }))
                    default: (field.rawValue, .string(value))
                    }
                }
        )
    }
}
