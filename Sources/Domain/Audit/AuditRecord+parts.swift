// SPDX-License-Identifier: Apache-2.0

extension AuditRecord {
    /// How many entries one record names: a message to the journal takes some 200 KB.
    static let mostEntries = 1000

    /// The record in parts that the journal takes: the first has everything but the entries that are too many for it.
    var parts: [AuditRecord] {
        // Most name one or two.
        guard let all = fields[.entries], all.utf8.count > Self.mostEntries else { return [self] }
        let entries = all.split(separator: " ")
        guard entries.count > Self.mostEntries else { return [self] }
        return stride(from: 0, to: entries.count, by: Self.mostEntries).map { start in
            let some = entries[start..<min(start + Self.mostEntries, entries.count)].joined(
                separator: " "
            )
            guard start > 0 else {
                return replacing(.entries, some)
            }
            let common = [Field.client, .delivery].map { ($0, fields[$0]) }
            let few = [(Field.entries, String?.some(some))] + common
            return AuditRecord(.continued, time: time, Dictionary(uniqueKeysWithValues: few))
        }
    }

    /// What happened, from records in their order: parts put together again, what may have arrived counted as arrived,
    /// and no delivery of which certainly nothing went out.
    package static func told(_ records: [AuditRecord]) -> [AuditRecord] {
        var (unsent, cut): (Set<String>, Set<String>) = ([], [])
        var more: [String: [String]] = [:]
        // What a stranger says about a delivery changes nothing that the daemon says.
        for record in records where record.stranger == nil {
            guard let delivery = record.fields[.delivery] else { continue }
            switch record.event {
            case .notSent: unsent.insert(delivery)
            case .cutShort: cut.insert(delivery)
            case .continued: more[delivery, default: []].append(record.fields[.entries] ?? "")
            default: break
            }
        }
        return records.compactMap { record in
            guard record.stranger == nil, let delivery = record.fields[.delivery] else { return record }
            switch record.event {
            case .continued, .notSent, .cutShort: return nil
            // If both are recorded, the client may have something.
            case .handedOut where unsent.contains(delivery) && !cut.contains(delivery): return nil
            default: break
            }
            let record = cut.contains(delivery) ? record.replacing(.arrival, "uncertain") : record
            guard let rest = more[delivery] else { return record }
            let entries = ([record.fields[.entries] ?? ""] + rest).joined(separator: " ")
            return record.replacing(.entries, entries)
        }
    }

    /// Records of two sources, each in the order in which they were kept, merged into one order, with what both have
    /// only once.
    ///
    /// A clock that was once wrong doesn't put any before those that were kept earlier.
    package static func merged(_ first: [AuditRecord], _ second: [AuditRecord], now: UInt64)
        -> [AuditRecord]
    {
        let known = Dictionary(first.map { ($0.id, $0) }) { $1 }
        let new = second.filter { record in
            // A different one under the same name is shown beside it.
            guard let id = record.id, let same = known[id] else { return true }
            return !same.isSame(as: record)
        }
        let (some, others) = (timed(first, now: now), timed(new, now: now))
        var (merged, left, right) = ([AuditRecord](), 0, 0)
        while left < some.count || right < others.count {
            let takesLeft =
                right == others.count || (left < some.count && some[left].time <= others[right].time)
            merged.append(takesLeft ? some[left].record : others[right].record)
            if takesLeft { left += 1 } else { right += 1 }
        }
        return merged
    }

    private func replacing(_ field: Field, _ value: String) -> AuditRecord {
        var all: [Field: String?] = fields.mapValues { $0 }
        all[field] = value
        return AuditRecord(event, time: time, all)
    }

    /// No record is later than what was kept after it.
    private static func timed(_ records: [AuditRecord], now: UInt64) -> [(
        time: UInt64, record: AuditRecord
    )] {
        var latest = now
        let backwards = records.reversed().map { record in
            latest = min(latest, record.time)
            return (time: latest, record: record)
        }
        return backwards.reversed()
    }
}
