// SPDX-License-Identifier: Apache-2.0

import Linux
import Logging

// Writing records to the journal; `AuditJournalReader` reads them back.
extension AuditTrail {
    /// Marks our records among the journal's entries (MESSAGE_ID of systemd.journal-fields(7)).
    static let messageID = "6d0f1f5f3c2b4f0b9a4e5c1be3f0a7d4"
    /// The journal's fields are ours from here on.
    static let prefix = "KEYBELL_"

    /// Tells the journal, or the log where there is none.
    func tell(_ record: AuditRecord) {
        let isSent = Journal.isThere(at: journal) && Journal.write(Self.entry(of: record), socket: journal)
        guard writesLog || !isSent else { return }
        let metadata = record.fields.map { ($0.key.rawValue, Logger.MetadataValue.string($0.value)) }
        logger.notice("\(record.event.rawValue)", metadata: Logger.Metadata(uniqueKeysWithValues: metadata))
    }

    private static func entry(of record: AuditRecord) -> [(name: String, value: String)] {
        let fields = record.fields.sorted { $0.key.rawValue < $1.key.rawValue }
        return [
            ("MESSAGE", record.sentence), ("MESSAGE_ID", messageID), ("PRIORITY", "5"),
            ("SYSLOG_IDENTIFIER", "keybelld"), (prefix + "EVENT", record.event.rawValue),
            (prefix + "TIME", String(record.time)), (prefix + "ID", record.id ?? ""),
        ] + fields.map { (prefix + $0.key.rawValue.uppercased(), $0.value) }
    }
}
