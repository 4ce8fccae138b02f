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
        /// A client was restricted to a part of the vaults by the person, or to nothing any more.
        case restricted
        /// A client's key was taken over from a KeePass file by the person.
        case imported
        /// New logins came into a vault from a file of the person's.
        case loginsImported = "logins-imported"
        /// A program has learnt which logins of a file of its own a vault has, by user and place: an import's dry run.
        case loginsCompared = "logins-compared"
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
        /// Of an import: how many logins were looked for in the vault.
        case compared
        /// Their uuids, with spaces.
        case entries
        /// The request's code.
        case code
        /// How the request ended; of an import, `failed`, or `undecided` where it isn't known what came in.
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
        /// Of a restricted client: to what, in words.
        case part
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
}
