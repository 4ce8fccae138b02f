// SPDX-License-Identifier: Apache-2.0

package import Linux
import Synchronization

/// Records as they are kept, from the journal and from the file.
package struct RecordStream: Sendable {
    /// What is kept from the opening on.
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
        let known = Mutex(try file.records().count)
        let watch = try FileWatch(file.path) {
            // Read once more at the next change.
            guard let all = try? file.records() else { return }
            let new = known.withLock { known in
                defer { known = all.count }
                // The file before the last has gone: at most the newest is missed, never one told twice.
                return all.count > known ? all.dropFirst(known) : all.suffix(all.count < known ? 1 : 0)
            }
            for record in new { continuation.yield(record) }
        }
        var sources: [any Sendable] = [watch]
        if let journal = try AuditJournal.follow(of: daemons, { continuation.yield($0) }) {
            sources.append(journal)
        }
        return RecordStream(records: records, sources: sources)
    }
}
