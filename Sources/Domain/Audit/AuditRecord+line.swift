// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import JSON

extension AuditRecord.Event {
    /// The event of a name in a record, including names that earlier versions used.
    fileprivate init?(written name: String) {
        // It claimed that nothing had arrived, even where that wasn't certain.
        self.init(rawValue: name == "not-delivered" ? Self.cutShort.rawValue : name)
    }
}

extension AuditRecord {
    /// The record as a line of the file, JSON with its line feed.
    var line: [UInt8] {
        var members = fields.map { ($0.key.rawValue, $0.value) }
        members += [("event", event.rawValue), ("time", String(time))]
        if let id { members.append(("id", id)) }
        var json = JSONText()
        json.object { json in
            for (name, value) in members.sorted(by: { $0.0 < $1.0 }) { json.member(name, value) }
        }
        return json.bytes + [UInt8(ascii: "\n")]
    }

    /// Reads a line of the file; nil if it isn't one.
    init?(line: [UInt8]) {
        guard let members = try? JSONDecoder().decode([String: String].self, from: Data(line)) else {
            return nil  // cut off by a crash, or not ours
        }
        self.init(members: members)
    }

    /// Reads the members of a record; nil if it lacks what every record has.
    init?(members: [String: String]) {
        guard let event = members["event"].flatMap(Event.init(written:)),
            let time = members["time"].flatMap(UInt64.init)
        else { return nil }
        let known = Field.allCases.map { ($0, members[$0.rawValue]) }
        self.init(event, time: time, Dictionary(uniqueKeysWithValues: known))
        id = members["id"]
    }
}
