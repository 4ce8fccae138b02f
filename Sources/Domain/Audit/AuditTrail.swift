// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Linux
package import Logging
import Synchronization

/// Keeps the records: in a file of the state folder that rotates, and in the journal besides.
///
/// The journal alone can't be relied on: it drops what comes too fast, from whichever program of the session, and
/// doesn't tell the sender.
package final class AuditTrail: Sendable {
    /// Finds out whether the journal has these records, by their `id`.
    typealias Reading = @Sendable (Set<String>) async -> Bool
    /// Something that has happened, and what is recorded about it.
    package typealias Happened = (event: AuditRecord.Event, fields: [AuditRecord.Field: String?])

    private let writer: AuditWriter
    /// Where the journal is told, so that it doesn't hold up the writing.
    private let telling = BlockingWork(label: "org.keybell.audit.journal")
    let journal: String
    private let isInJournal: Reading
    private let timeout: Duration
    let writesLog: Bool
    private let isRequired: Mutex<Bool>
    let logger: Logger
    private let lookups = Mutex(LookupCounts())
    private let alarm = Mutex<Alarm?>(nil)

    /// Prepares to keep records; nothing is written yet.
    ///
    /// - Parameters:
    ///   - folder: The state folder, made when something is written there.
    ///   - logsToJournal: Whether the log itself goes to the journal, which then doesn't need to be told twice.
    ///   - journal: The journal's socket.
    ///   - isInJournal: Reads records back from it.
    ///   - isRequired: Whether what can't be recorded may not be done.
    ///   - timeout: How long a disk may take for a record.
    ///   - logger: Says what happens, for whoever watches the daemon, and what can't be kept.
    init(
        folder: String,
        logsToJournal: Bool,
        journal: String,
        isInJournal: @escaping Reading,
        isRequired: Bool = true,
        timeout: Duration = .seconds(10),
        logger: Logger
    ) {
        // A file that another program keeps locked is noticed in time to look into the journal, even at the daemon's
        // end.
        writer = AuditWriter(AuditFile(folder: folder), timeout: timeout / 4)
        self.timeout = timeout
        self.journal = journal
        self.isInJournal = isInJournal
        writesLog = !logsToJournal
        self.isRequired = Mutex(isRequired)
        self.logger = logger
    }

    /// Prepares to keep records in this system's journal, too.
    package convenience init(folder: String, logsToJournal: Bool, isRequired: Bool, logger: Logger) {
        self.init(
            folder: folder,
            logsToJournal: logsToJournal,
            journal: Journal.socket,
            isInJournal: AuditJournalReader.has,
            isRequired: isRequired,
            logger: logger
        )
    }

    /// Says anew whether what can't be recorded may not be done.
    package func require(_ isRequired: Bool) {
        self.isRequired.withLock { $0 = isRequired }
    }

    /// Keeps a record of something that happens.
    ///
    /// - Parameters:
    ///   - event: What.
    ///   - fields: What is recorded about it, fit to be shown; never a secret.
    /// - Returns: Whether it may be done: it is recorded, or needn't be.
    @discardableResult
    package func keep(_ event: AuditRecord.Event, _ fields: [AuditRecord.Field: String?]) async
        -> Bool
    {
        let record = AuditRecord(event, time: CalendarTime.unsigned, fields)
        guard event != .nothingFound || takeLookup(record) else { return true }
        return await keep(record)
    }

    /// Keeps a record of each of several things that have happened: all are handed over at once.
    package func keep(_ happened: [Happened]) async {
        let now = CalendarTime.unsigned
        let records = happened.map { AuditRecord($0.event, time: now, $0.fields) }
        _ = await keep(records)
    }

    func keep(_ record: AuditRecord) async -> Bool {
        await keep([record])
    }

    /// Keeps records, in this order and under one deadline.
    private func keep(_ records: [AuditRecord]) async -> Bool {
        guard !records.isEmpty else { return true }
        let parts = records.flatMap(\.parts).map(\.named)
        // A task that is cancelled, as all are at the daemon's end, has done what is recorded: it waits all the same.
        let isKept = await withCheckedContinuation { waiter in
            let pending = PendingRecords(count: parts.count, waiter: waiter)
            // With a disk that hangs they count as not kept.
            pending.end(after: timeout)
            for part in parts { write(part, of: pending) }
        }
        return isKept || !isRequired.withLock { $0 }
    }

    /// Writes what has been counted and not yet recorded; for the daemon's end, which has a deadline for it.
    package func finish() async {
        _ = await keep(lookups.withLock { $0.takeCounted(now: nil) })
    }

    /// Has a record written to the file and told to the journal.
    ///
    /// All are kept if they are in the file or, where that takes none, can be read back from the journal.
    private func write(_ record: AuditRecord, of pending: PendingRecords) {
        writer.append(record) { [self] failure in
            // Whoever needs the record doesn't wait for the journal, unless it has to serve instead of the file.
            if failure == nil { settle(record, isWritten: true, of: pending) }
            let isTold = telling.begin { [self] in
                tell(record)
                if let failure { fail(record, failure, of: pending) }
            }
            // A journal that takes nothing gets no more than what waits for it.
            if !isTold, let failure { fail(record, failure, of: pending) }
        }
    }

    private func fail(_ record: AuditRecord, _ failure: SystemCallError, of pending: PendingRecords) {
        logger.error("a record could not be kept in the state folder", metadata: ["why": "\(failure)"])
        settle(record, isWritten: false, of: pending)
    }

    private func settle(_ record: AuditRecord, isWritten: Bool, of pending: PendingRecords) {
        guard let unwritten = pending.tried(record, isWritten: isWritten) else { return }
        guard !unwritten.isEmpty else { return pending.end(true) }
        Task(executorPreference: MainLoop.executor) { [isInJournal] in
            pending.end(await isInJournal(unwritten))
        }
    }

    // MARK: What is counted

    private func takeLookup(_ record: AuditRecord) -> Bool {
        let (isNew, due) = lookups.withLock { lookups in
            (lookups.take(record, now: .now), lookups.due)
        }
        setAlarm(due)
        return isNew
    }

    /// One alarm while something is counted.
    private func setAlarm(_ due: LookupCounts.Instant?) {
        alarm.withLock { alarm in
            guard alarm == nil, let due else { return }
            alarm = Alarm(after: due - .now) { [weak self] in
                Task(executorPreference: MainLoop.executor) { await self?.keepCounted() }
            }
        }
    }

    private func keepCounted() async {
        let (counted, due) = lookups.withLock { lookups in
            (lookups.takeCounted(now: .now), lookups.due)
        }
        alarm.withLock { $0 = nil }
        setAlarm(due)
        _ = await keep(counted)
    }
}
