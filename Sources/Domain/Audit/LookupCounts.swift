// SPDX-License-Identifier: Apache-2.0

/// Look-ups that found nothing: a client's first for each of a few hosts is a record, and what follows within a minute
/// is counted and recorded in one more.
///
/// A client can ask for what isn't there as often as it likes, and nobody notices.
struct LookupCounts {
    typealias Instant = ContinuousClock.Instant

    private struct Minute {
        let end: Instant
        /// The last record of each host, and how often it came again.
        var hosts: [String: (record: AuditRecord, count: Int)] = [:]
        /// For any further hosts.
        var others: (record: AuditRecord, count: Int)?
    }

    /// How long look-ups are counted together.
    static let time = Duration.seconds(60)
    /// How many hosts of a client are told apart.
    static let mostHosts = 8
    /// How many clients are told apart.
    private static let mostClients = 256

    private var minutes: [String: Minute] = [:]

    /// When the next minute ends; nil while nothing is counted.
    var due: Instant? { minutes.values.map(\.end).min() }

    /// Takes a look-up.
    ///
    /// - Returns: Whether it is to be kept now; else it is counted.
    mutating func take(_ record: AuditRecord, now: Instant) -> Bool {
        var client = record.fields[.client] ?? ""
        if minutes[client] == nil, minutes.count >= Self.mostClients { client = "" }
        var minute = minutes[client] ?? Minute(end: now + Self.time)
        defer { minutes[client] = minute }
        let host = [.host, .program, .origin].map { record.fields[$0] ?? "" }.joined(separator: " ")
        if let known = minute.hosts[host] {
            minute.hosts[host] = (record, known.count + 1)
        } else if minute.hosts.count < Self.mostHosts {
            minute.hosts[host] = (record, 0)
            return true
        } else {
            minute.others = (record, (minute.others?.count ?? 0) + 1)
        }
        return false
    }

    /// Removes what was counted in the minutes that have ended.
    ///
    /// - Parameter now: The time; nil takes all.
    /// - Returns: A record of each host that came again, and one of all others of a client.
    mutating func takeCounted(now: Instant?) -> [AuditRecord] {
        var counted: [AuditRecord] = []
        for (client, minute) in minutes where now.map({ minute.end <= $0 }) ?? true {
            minutes[client] = nil
            for (record, count) in minute.hosts.values where count > 0 {
                counted.append(record.counting(count))
            }
            if let (record, count) = minute.others {
                counted.append(record.counting(count, without: [.host]))
            }
        }
        return counted
    }
}

extension AuditRecord {
    /// The last of so many of its kind.
    fileprivate func counting(_ count: Int, without left: [Field] = []) -> AuditRecord {
        var all: [Field: String?] = fields.mapValues { $0 }
        all[.count] = String(count)
        for field in left { all[field] = nil }
        return AuditRecord(event, time: time, all)
    }
}
