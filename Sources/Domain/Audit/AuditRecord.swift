// SPDX-License-Identifier: Apache-2.0

import Ciphers
import DisplayText
import SecureMemory

/// Keeps a record of something that happens, as `AuditTrail.keep` does: false where it can't be kept and must be.
package typealias Recorder =
    @Sendable (AuditRecord.Event, [AuditRecord.Field: String?]) async -> Bool

/// Keeps a record of each of several things that have happened, as `AuditTrail.keep` does: all are handed over at once.
package typealias BatchRecorder = @Sendable ([AuditTrail.Happened]) async -> Void

/// Something that happened and that the person may want to look up: who got what, when, and under which answer.
///
/// Never a secret, and nothing of an entry but its uuid: the journal is read by others than the person, too.
package struct AuditRecord: Equatable, Sendable {
    /// What happened.
    package enum Event: String, Sendable, CaseIterable {
        /// A request ended: allowed, denied, expired or withdrawn.
        case answered
        /// A client's key was kept.
        case associated
        /// Logins went to a client.
        case handedOut = "handed-out"
        /// The client of an earlier record, of the same `delivery`, hung up before it was known to have all of it.
        case cutShort = "cut-short"
        /// Of an earlier record, of the same `delivery`, certainly nothing went out.
        case notSent = "not-sent"
        /// More entries of an earlier record, of the same `delivery`.
        case continued
        /// A client asked for logins that don't exist.
        case nothingFound = "nothing-found"
        /// A login was made or changed.
        case saved
        /// A vault was unlocked.
        case unlocked
        /// Vaults were locked.
        case locked
        /// A client's key was deleted by the person.
        case revoked
        /// A client's key was taken over from a KeePass file by the person.
        case imported
        /// A standing decision was forgotten by the person.
        case forgotten
        /// The person had what was denied unseen since a denial shown again.
        case unmuted
    }

    /// What is recorded about it; a raw value is the name in JSON.
    package enum Field: String, Sendable, CaseIterable {
        /// The client's Id.
        case client
        /// The executable, or the sandbox id, of who asked.
        case program
        /// The Origin that it claimed.
        case origin
        /// The page's host.
        case host
        /// The vaults' names, with commas.
        case vault
        /// Of an answered request: its kind.
        case kind
        /// The RequestType.
        case request
        /// How many logins.
        case count
        /// Their uuids, with spaces.
        case entries
        /// The request's code.
        case code
        /// How the request ended.
        case outcome
        /// For how long the answer was meant.
        case scope
        /// By what means it was answered, or who did it.
        case by
        /// What allowed it.
        case under
        /// Why it happened.
        case reason
        /// What the records of one delivery have in common.
        case delivery
        /// Of a forgotten decision: whether it was to allow or to deny.
        case decision
        /// Of logins that were handed out: which parts were not, `passwords`, `fields` or both.
        case without
        /// Of logins that were handed out: `uncertain` where the client hung up before it was known to have all of
        /// them.
        case arrival
        /// Of a denied request: for how many seconds its program was muted.
        case mute
    }

    /// What happened.
    package let event: Event
    /// When, in seconds since 1970.
    package let time: UInt64
    /// What is recorded about it, fit to be shown; no empty values.
    package let fields: [Field: String]
    /// What the same record is known by wherever it is kept; nil for one that isn't kept yet.
    var id: String?
    /// Of a record in the journal that, as far as the journal knows, the daemon didn't write: who did; empty if the
    /// journal doesn't know, as when the program had ended by then or may not be looked at.
    ///
    /// Any program of the same user may write whatever it likes there.
    package var stranger: String?

    /// What the person calls the client now, for whoever shows the record; nil where that is its Id.
    package var clientName: String?

    /// Records something; fields without a value are left out.
    package init(_ event: Event, time: UInt64, _ fields: [Field: String?]) {
        self.event = event
        self.time = time
        self.fields = fields.reduce(into: Dictionary(minimumCapacity: fields.count)) { kept, field in
            guard let text = field.value.map(PlainText.cleaned), !text.isEmpty else { return }
            kept[field.key] = text
        }
    }
}

extension AuditRecord {
    /// Whether anybody who is a client can cause as many as it likes, without a word of the person's.
    var isMinor: Bool {
        switch event {
        case .nothingFound: true
        case .answered: ["expired", "withdrawn"].contains(fields[.outcome])
        default: false
        }
    }

    /// The same with a name of its own.
    var named: AuditRecord {
        var record = self
        record.id = Hex.text(Randomness.bytes(8))
        return record
    }

    /// Whether another says the same, wherever it was kept.
    func isSame(as other: AuditRecord) -> Bool {
        (id, event, time) == (other.id, other.event, other.time) && fields == other.fields
    }

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
        case .imported: "client \(client) was imported from a KeePass file by \(by)"
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
