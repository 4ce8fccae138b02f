// SPDX-License-Identifier: Apache-2.0

package import Linux
import Synchronization

/// Records as they are kept, from the journal and from the file.
package struct RecordStream: Sendable {
    /// What the file had at the opening, the oldest first.
    package let kept: [AuditRecord]
    /// What is kept from the opening on, each record once.
    package let records: AsyncStream<AuditRecord>
    /// They end when it is let go of.
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
        let follower = Mutex(file.follower())
        let kept = try follower.withLock { (follower) throws(SystemCallError) in try follower.next() }
        let tell: @Sendable () -> Void = {
            follower.withLock { follower in
                // What can't be read now is read at the next change.
                let lines = (try? follower.next()) ?? []
                for line in lines {
                    if let record = AuditRecord(line: line) { continuation.yield(record) }
                }
            }
        }
        let watch = try FileWatch(file.path, changed: tell)
        // What came before it was watched.
        tell()
        var sources: [any Sendable] = [watch]
        if let journal = try AuditJournal.follow(of: daemons, { continuation.yield($0) }) {
            sources.append(journal)
        }
        return RecordStream(
            kept: kept.compactMap { AuditRecord(line: $0) },
            records: records,
            sources: sources
        )
    }
}
