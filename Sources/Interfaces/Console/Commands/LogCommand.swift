// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Audit
import DisplayText
import Glibc
import Linux
import Settings

/// `keybell log`: who got what, when, under which answer.
struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Show who got what, when, and under which answer.",
        usage: "keybell log [<options>]",
        discussion: """
            Reads the files in the state folder, and the journal, which may have older records. Works without the daemon. There is no secret in it, and of an entry just its uuid.
            """
    )

    @Option(
        name: [.customShort("n"), .long],
        help: ArgumentHelp(
            "How many records to show, the newest; from 1 to 100000 (default: 50, with --since all of that time).",
            valueName: "lines"
        )
    )
    var lines: Int?

    @Option(
        help: "Just the records of this client, by its Id or the name that it is shown under.",
        completion: Completions.clients
    )
    var client: String?

    @Option(
        help: ArgumentHelp(
            "Just what happened since then: 2h, 30m or 3d ago, a time of today (18:05), a day (2026-11-25), or both.",
            valueName: "time"
        )
    )
    var since: SinceArgument?

    @Flag(name: .shortAndLong, help: "Go on with what is recorded from now on, until Ctrl-C.")
    var follow = false

    @OptionGroup var output: JSONOption

    func validate() throws {
        guard 1...Self.mostLines ~= lines ?? 1 else {
            throw ValidationError("--lines must be from 1 to \(Self.mostLines).")
        }
        guard !(follow && output.json) else { throw ValidationError("--follow doesn't print JSON.") }
    }

    func run() async throws {
        // Opened first, so that nothing is missed between what was and what comes.
        let news = follow ? try Self.news() : nil
        // Some are parts of others, and of a client or a day there may be few.
        let most = client == nil && since == nil ? 3 * count : Self.mostLines
        let names = await Self.names()
        let all = await Self.all(newest: most, kept: news?.kept)
        let found = AuditRecord.told(all.records).map(names.naming).filter(concerns)
        let records = found.suffix(count)
        if let note = note(of: found.count) { Output.note(note) }
        guard !output.json else {
            Output.json(.array(records.map(Self.json)))
            return
        }
        for record in records { Output.text(Self.line(record)) }
        if let news {
            for await record in news.records where record.event != .continued {
                let record = names.naming(record)
                if concerns(record) { Output.text(Self.line(record)) }
                guard StandardStream.output.failure == nil else { break }
            }
            return
        }
        guard records.isEmpty else { return }
        guard all.isWhole else {
            throw ConsoleError.refused("Whether there is a record of it can't be told.")
        }
        guard client != nil || since != nil else { return Output.text("Nothing has been recorded yet.") }
        let whom = client.map { " of a client \(PlainText.quoted($0))" } ?? ""
        let when = since.map { " since \(Moment.text($0.time))" } ?? ""
        throw ConsoleError.refused(
            "Nothing has been recorded\(whom)\(when)."
                + (client == nil ? "" : " `keybell clients` lists the clients' Ids.")
        )
    }

    /// What the person calls the clients; nothing if the daemon isn't running, since the record can be read without it.
    private static func names() async -> ShownNames {
        // Without the daemon the record has the Ids alone.
        ShownNames((try? await DaemonBus.connect().clients(starts: false)) ?? [])
    }

    private static let mostLines = 100_000

    /// How many records to show: whoever names a time wants everything since then.
    var count: Int { lines ?? (since == nil ? 50 : Self.mostLines) }

    /// What to say about those that aren't shown; nil if only older ones than were asked for are left out.
    func note(of found: Int) -> String? {
        let left = found - count
        guard left > 0, client != nil || since != nil else { return nil }
        let more = count < Self.mostLines ? ": `--lines \(min(found, Self.mostLines))` shows more" : ""
        return "\(Amount.of(left, "older record")) left out\(more)."
    }

    private static func news() throws(ConsoleError) -> RecordStream {
        do throws(SystemCallError) {
            return try RecordStream.open(folder: Folders.ofProcess().state, daemons: daemons)
        } catch {
            let troubles = AuditTrail.unreadable(in: Folders.ofProcess().state)
            let reason = troubles.isEmpty ? error.words : troubles.joined(separator: ", ")
            throw .refused("The record can't be followed: \(reason).")
        }
    }

    private func concerns(_ record: AuditRecord) -> Bool {
        (client == nil || [record.fields[.client], record.clientName].contains(client))
            && (since.map { $0.time <= record.time } ?? true)
    }

    /// What the journal and the file have, in the order in which it was kept, and whether the file could be read.
    private static func all(
        newest count: Int,
        kept known: [AuditRecord]?
    ) async -> (records: [AuditRecord], isWhole: Bool) {
        let (kept, isWhole) = known.map { ($0, true) } ?? inFile()
        do throws(AuditJournalError) {
            let journal = try await AuditJournalReader.records(newest: count, of: daemons)
            return (AuditRecord.merged(kept, journal, now: Moment.now()), isWhole)
        } catch {
            Output.note("The journal can't be read: `journalctl --user -u keybell` may say why.")
            return (kept, isWhole)
        }
    }

    private static func inFile() -> ([AuditRecord], isWhole: Bool) {
        let reading = AuditFile(folder: Folders.ofProcess().state).read()
        for trouble in AuditCheck.byCause(reading.troubles) {
            Output.note("Not all of the record can be read: \(trouble).")
        }
        return (reading.records, reading.troubles.isEmpty)
    }

    /// The daemons that write the record: the one beside this program, and those of a package or `make install`.
    private static var daemons: Set<String> {
        let own = ProcessTable.executable(of: getpid()) ?? ""
        return Set(["/usr/bin", "/usr/local/bin", SafeFile.parent(of: own)].map { $0 + "/keybelld" })
    }

    static func line(_ record: AuditRecord) -> String {
        // First, so that nothing in the record can push it out of sight.
        let warning =
            record.stranger.map { writer in
                writer.isEmpty
                    ? "PERHAPS NOT BY KEYBELL, the journal doesn't know who wrote this: "
                    : "NOT BY KEYBELL, written by \(PlainText.name(writer)): "
            } ?? ""
        return Moment.text(record.time) + "  " + warning + PlainText.cleaned(record.sentence)
    }

    static func json(_ record: AuditRecord) -> JSON {
        let fields = record.fields.sorted { $0.key.rawValue < $1.key.rawValue }
        return .object(
            [("time", .number(record.time)), ("event", .string(record.event.rawValue))]
                + (record.clientName.map { [("client-name", .string($0))] } ?? [])
                + (record.stranger.map { [("written-by", .string(PlainText.field($0)))] } ?? [])
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
