// SPDX-License-Identifier: Apache-2.0

import DisplayText

// What a record says to people.
extension AuditRecord {
    /// One line for people.
    package var sentence: String {
        // Whoever answered is someone other than the asker, even where nobody knows who that was.
        let asker = fields[.program] ?? (event == .answered ? nil : fields[.by])
        let who = asker.map { PlainText.name($0) } ?? "An unknown program"
        let place = fields[.host].map { " for " + PlainText.place($0) } ?? ""
        let vault = fields[.vault] ?? "the keyring"
        return switch event {
        case .answered:
            "\(fields[.code] ?? "") \(outcome)\(duration)\(fields[.by].map { " by \($0)" } ?? "")\(fate)\(mute): "
                + "\(asker == nil ? "an unknown program" : who) \(wish(at: place, vault))"
        case .associated: "\(who) became client \(client)\(under)"
        case .handedOut:
            "\(who) got \(logins)\(without)\(place) from \(vault) as client \(client)\(under)\(arrival)"
        case .cutShort:
            "\(who) hung up before the end of \(logins)\(place) for client \(client), and may have all of it"
        case .notSent: "\(who) got nothing after all: \(logins)\(place) did not go out to client \(client)"
        case .continued: "more entries of the record before, for client \(client)"
        case .nothingFound: "\(who) asked \(lookups)\(place) as client \(client): there is none"
        case .saved: "\(who) saved a login\(place) in \(vault) as client \(client)\(under)"
        case .unlocked:
            "\(vault) was unlocked" + (fields[.program].map { " for " + PlainText.name($0) } ?? "")
        case .locked:
            "\(vault) was locked" + (fields[.reason].map { $0.hasPrefix("by ") ? " \($0)" : ": \($0)" } ?? "")
        case .revoked: "client \(client) was revoked by \(by)"
        case .restricted: "client \(client) was restricted to \(fields[.part] ?? "everything") by \(by)"
        case .imported: "client \(client) was imported from a KeePass file by \(by)"
        case .loginsImported where fields[.outcome] == "undecided":
            "whether \(logins) came into \(vault) from a file isn't known; it was \(by)"
        case .loginsImported:
            "\(logins)\(compared) came into \(vault) from a file, by \(by)"
                + (fields[.outcome] == "failed" ? "; the import failed" : "")
        case .loginsCompared: "\(logins) of a file were looked for in \(vault), by \(by)"
        case .forgotten:
            "the decision to \(fields[.decision] ?? "allow") \(Self.granted(fields[.kind] ?? "release"))\(place) from \(vault), for client \(client), was forgotten by \(by)"
        case .unmuted:
            fields[.code].map { "requests like \($0) are shown again: \(by) ended the quiet time" }
                ?? "requests of \(who) are shown again: \(by) ended the mute"
        }
    }

    /// What a grant of some kind is for, as people call it.
    package static func granted(_ kind: String) -> String {
        switch kind {
        case "release": "logins"
        case "change": "changes"
        case "create": "new logins"
        default: kind
        }
    }

    /// For how long the program was muted with a denial.
    private var mute: String {
        guard let seconds = fields[.mute].flatMap({ UInt64($0) }) else { return "" }
        let (count, unit) = seconds % 60 == 0 ? (seconds / 60, "minute") : (seconds, "second")
        return ", and its program muted for \(count) \(unit)\(count == 1 ? "" : "s")"
    }

    private var outcome: String {
        let outcome = fields[.outcome] ?? "ended"
        return ["expired", "ended"].contains(outcome) ? "has \(outcome)" : "was \(outcome)"
    }

    private var duration: String {
        switch fields[.scope] {
        case nil, "once"?: ""
        case "session"?: " for this session"
        case "always"?: " for good"
        case let other?: " (\(other))"
        }
    }

    /// What became of the answer.
    private var fate: String {
        switch fields[.reason] {
        case nil: ""
        case "came to nothing"?: ", but came to nothing"
        case "not kept"?: ", and couldn't be kept for longer"
        case "unconfirmed"?: ", since it wasn't confirmed"
        case let other?: ", \(other)"
        }
    }

    /// What was asked for.
    private func wish(at place: String, _ vault: String) -> String {
        switch fields[.kind] {
        case "associate"?: "asked to become a client"
        case "overwrite"?: "asked to take over the name of client \(client)"
        case "unlock"?: "asked to unlock \(vault)"
        case "save"?: "asked to save a login\(place)"
        case "release"? where fields[.request] == "get-logins-custom-search": "asked to search logins"
        case "release"? where fields[.request] == "get-all-logins": "asked for all logins"
        case "release"?:
            fields[.count] == nil ? "asked for logins\(place)" : "asked for \(logins)\(place)"
        default: "asked for something\(place)"
        }
    }

    private var by: String { fields[.by].map { PlainText.name($0) } ?? "an unknown program" }

    private var client: String {
        let id = fields[.client].map { PlainText.quoted($0) } ?? "unknown"
        return clientName.map { "\(id) (\(PlainText.quoted($0)))" } ?? id
    }

    private var logins: String {
        let count = fields[.count] ?? "0"
        return count == "1" ? "1 login" : "\(count) logins"
    }

    private var compared: String {
        fields[.compared].map { $0 == fields[.count] ? "" : " of \($0) that were compared" } ?? ""
    }

    private var lookups: String {
        guard let count = fields[.count] else { return "for a login" }
        let times = count == "1" ? "once more" : "\(count) more times"
        return "\(times) for a login" + (fields[.host] == nil ? ", at various places," : "")
    }

    private var without: String {
        let parts = (fields[.without] ?? "").split(separator: " ").map {
            $0 == "fields" ? "string fields" : $0
        }
        return parts.isEmpty ? "" : " without " + parts.joined(separator: " and ")
    }

    private var arrival: String {
        fields[.arrival] == nil ? "" : "; it hung up before the end, and may have all of it"
    }

    private var under: String { fields[.under].map { ", under \($0)" } ?? "" }
}
