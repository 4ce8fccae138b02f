// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Glibc
import Linux
package import Logging
import Synchronization

/// Keeps the records: in the journal, and where there is none or its user can't read it, in a file of the state folder
/// that rotates.
package final class AuditTrail: Sendable {
    /// Marks our records among the journal's entries (MESSAGE_ID of systemd.journal-fields(7)).
    static let messageID = "6d0f1f5f3c2b4f0b9a4e5c1be3f0a7d4"
    /// The journal's fields are ours from here on.
    static let prefix = "KEYBELL_"

    private let file: AuditFile
    private let journal: String
    private let isReadable: Bool
    private let writesLog: Bool
    private let isRequired: Mutex<Bool>
    private let logger: Logger

    /// Prepares to keep records; nothing is written yet.
    ///
    /// - Parameters:
    ///   - folder: The state folder, made when something is written there.
    ///   - logsToJournal: Whether the log itself goes to the journal, which then doesn't need to be told twice.
    ///   - journal: The journal's socket.
    ///   - isReadable: Whether the person can read the journal.
    ///   - isRequired: Whether what can't be recorded may not be done.
    ///   - logger: Says what happens to who looks at the daemon, and what can't be kept.
    package init(
        folder: String,
        logsToJournal: Bool,
        journal: String = Journal.socket,
        isReadable: Bool = Journal.isForUsers,
        isRequired: Bool = true,
        logger: Logger
    ) {
        file = AuditFile(folder: folder)
        self.journal = journal
        self.isReadable = isReadable
        writesLog = !logsToJournal
        self.isRequired = Mutex(isRequired)
        self.logger = logger
    }

    /// Says anew whether what can't be recorded may not be done.
    package func require(_ isRequired: Bool) {
        self.isRequired.withLock { $0 = isRequired }
    }

    /// Where records are written, one after the other: a slow disk holds up nobody but who needs the record.
    private static let queue = TaskQueue(label: "org.keybell.audit")
    /// How long a disk may take for a record.
    private static let patience = Duration.seconds(10)

    /// Keeps a record of something that happens.
    ///
    /// - Parameters:
    ///   - event: What.
    ///   - fields: What is told of it, fit to be shown; never a secret.
    /// - Returns: Whether it may be done: it is recorded, or needn't be.
    @discardableResult
    package func keep(_ event: AuditRecord.Event, _ fields: [AuditRecord.Field: String?]) async -> Bool {
        await keep(AuditRecord(event, time: UInt64(max(0, time(nil))), fields))
    }

    func keep(_ record: AuditRecord) async -> Bool {
        let writing = Task(executorPreference: Self.queue) { record.parts.allSatisfy(self.write) }
        // A disk that hangs leaves the record unkept, for all that anybody knows.
        let isKept = (try? await withDeadline(Self.patience) { await writing.value }) ?? false
        return isKept || !isRequired.withLock { $0 }
    }

    private func write(_ record: AuditRecord) -> Bool {
        let fields = record.fields.sorted { $0.key.rawValue < $1.key.rawValue }
        let isInJournal = Journal.write(
            [
                ("MESSAGE", record.sentence), ("MESSAGE_ID", Self.messageID), ("PRIORITY", "5"),
                ("SYSLOG_IDENTIFIER", "keybelld"), (Self.prefix + "EVENT", record.event.rawValue),
                (Self.prefix + "TIME", String(record.time)),
            ] + fields.map { (Self.prefix + $0.key.rawValue.uppercased(), $0.value) },
            socket: journal
        )
        if writesLog || !isInJournal {
            let metadata = fields.map { ($0.key.rawValue, Logger.MetadataValue.string($0.value)) }
            logger.notice("\(record.event.rawValue)", metadata: Logger.Metadata(metadata) { $1 })
        }
        guard !(isInJournal && isReadable) else { return true }
        do throws(SystemCallError) {
            try file.append(record)
            return true
        } catch {
            logger.error("a record could not be kept", metadata: ["why": "\(error)"])
            return isInJournal
        }
    }

    /// Finds out why nothing could be recorded now.
    ///
    /// - Parameters:
    ///   - folder: The state folder.
    ///   - journal: The journal's socket.
    /// - Returns: The reason; nil if it could.
    package static func trouble(in folder: String, journal: String = Journal.socket) -> String? {
        if unsafe access(journal, W_OK) == 0 { return nil }
        let probe = folder + "/audit.probe"
        defer { unsafe unlink(probe) }
        do throws(SystemCallError) {
            try SafeFile.makeFolder(folder)
            // As long as a record may be.
            try SafeFile.write([UInt8](repeating: UInt8(ascii: "\n"), count: 64 * 1024), to: probe)
        } catch {
            return "\(error)"
        }
        // A folder that takes new files may hold one that takes nothing.
        do throws(SystemCallError) {
            try SafeFile.checkAppending(to: folder + "/audit.jsonl")
            return nil
        } catch {
            return "audit.jsonl: \(error)"
        }
    }

    /// Finds out why the person couldn't read here what is recorded: the journal takes it and shows it to
    /// administrators alone, and the file takes nothing.
    ///
    /// - Parameters:
    ///   - folder: The state folder.
    ///   - journal: The journal's socket.
    ///   - isReadable: Whether the person can read the journal.
    /// - Returns: The reason; nil if they could.
    package static func hiding(
        in folder: String,
        journal: String = Journal.socket,
        isReadable: Bool = Journal.isForUsers
    ) -> String? {
        guard !isReadable, unsafe access(journal, W_OK) == 0 else { return nil }
        do throws(SystemCallError) {
            try SafeFile.checkAppending(to: folder + "/audit.jsonl")
            return nil
        } catch {
            return "\(error)"
        }
    }
}
