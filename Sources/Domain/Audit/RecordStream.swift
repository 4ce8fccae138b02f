// SPDX-License-Identifier: Apache-2.0

package import Linux
import Synchronization

/// Records as they are kept, from the journal and from the file.
package struct RecordStream: Sendable {
    /// What the file had at the opening, the oldest first.
    package let kept: [AuditRecord]
    /// What is kept from the opening on, each record once.
    package let records: AsyncStream<AuditRecord>
    /// They end when it is released.
    private let sources: [any Sendable]

    /// Begins to listen; nothing polls.
    ///
    /// - Parameters:
    ///   - folder: The state folder, which is made if it isn't there.
    ///   - daemons: The executables whose records are believed.
    /// - Returns: The stream.
    /// - Throws: The failing call's `errno`.
    package static func open(folder: String, daemons: Set<String>) throws(SystemCallError) -> RecordStream {
        let (records, continuation) = AsyncStream<AuditRecord>.makeStream()
        let file = AuditFile(folder: folder)
        try SafeFile.makeFolder(folder)
        let seen = Mutex(SeenRecords())
        let tell: @Sendable (AuditRecord) -> Void = { record in
            if seen.withLock({ $0.insert(record) }) { continuation.yield(record) }
        }
        var kept: [AuditRecord] = []
        var sources: [any Sendable] = []
        for part in AuditFile.Part.allCases {
            let follower = Mutex(file.follower(of: part))
            let first = try follower.withLock { (follower) throws(SystemCallError) in
                try follower.next()
            }
            kept = AuditRecord.merged(kept, first.compactMap { AuditRecord(line: $0) }, now: .max)
            let next: @Sendable () -> Void = {
                follower.withLock { follower in
                    // What can't be read now is read at the next change.
                    let lines = (try? follower.next()) ?? []
                    for line in lines { AuditRecord(line: line).map(tell) }
                }
            }
            // The daemon keeps its file open.
            sources.append(try FileWatch(file.path(of: part), seesWrites: true, changed: next))
            // What came before it was watched.
            next()
        }
        // The journal may come to it later.
        for record in kept.suffix(SeenRecords.most / 2) { _ = seen.withLock { $0.insert(record) } }
        if let journal = try AuditJournalReader.follow(of: daemons, tell) { sources.append(journal) }
        return RecordStream(kept: kept, records: records, sources: sources)
    }
}

/// The last records that were passed on, since the file and the journal have the same ones.
struct SeenRecords {
    /// How many.
    static let most = 1024

    private var records: [String: AuditRecord] = [:]
    private var order: [String] = []

    /// Notes that a record is passed on; false if it was already.
    mutating func insert(_ record: AuditRecord) -> Bool {
        guard let id = record.id else { return true }
        if let same = records[id], same.isSame(as: record) { return false }
        if records.updateValue(record, forKey: id) == nil { order.append(id) }
        if order.count > Self.most {
            for old in order.prefix(Self.most / 2) { records[old] = nil }
            order.removeFirst(Self.most / 2)
        }
        return true
    }
}
