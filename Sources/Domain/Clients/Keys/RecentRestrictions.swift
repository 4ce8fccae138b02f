// SPDX-License-Identifier: Apache-2.0

import DisplayText
import SecretService
import Vault

/// What clients were restricted to lately, whatever the keyring says: a provider that is killed forgets its last moments.
struct RecentRestrictions: Sendable {
    /// How long the keyring has to have had it before it is taken to have it for good, in seconds.
    static let settling: UInt64 = 600
    /// How long it is kept of a client that the keyring doesn't show, in seconds.
    static let longest: UInt64 = 30 * 86_400
    /// How long until it is given to the keyring once more, in seconds.
    private static let pause: UInt64 = 60

    private struct Key: Hashable {
        var id: PlainName
        var fingerprint: String
    }

    private struct Entry {
        var restriction: ClientRestriction
        var time: UInt64
        var triedAgain: UInt64?
    }

    private var entries: [Key: Entry] = [:]

    /// What the client with this key was restricted to lately; nil where it goes by its item.
    subscript(id: PlainName, fingerprint: String) -> ClientRestriction? {
        entries[Key(id: id, fingerprint: fingerprint)]?.restriction
    }

    /// A client is restricted now.
    mutating func note(
        _ id: PlainName,
        _ fingerprint: String,
        _ restriction: ClientRestriction?,
        at now: UInt64
    ) {
        entries[Key(id: id, fingerprint: fingerprint)] = restriction.map { Entry(restriction: $0, time: now) }
    }

    /// An Id is revoked: whoever gets it next is restricted anew.
    mutating func forget(_ id: PlainName) {
        entries = entries.filter { $0.key.id != id }
    }

    /// Takes what the keyring has had for a while to be settled.
    ///
    /// - Returns: Whether anything is; and those whose item says something else, to be given what it should say.
    mutating func settle(by snapshot: ClientsSnapshot, at now: UInt64) -> (
        isSettled: Bool, lost: [KnownClient]
    ) {
        var lost: [KnownClient] = []
        let before = entries.count
        for (key, entry) in entries {
            let age = now > entry.time ? now - entry.time : 0
            guard let known = snapshot[key.id.text], known.client.fingerprint == key.fingerprint else {
                if age > Self.longest { entries[key] = nil }
                continue
            }
            if ClientItem.restriction(known.item.attributes) == entry.restriction {
                if age > Self.settling { entries[key] = nil }
            } else if entry.triedAgain.map({ now > $0 + Self.pause }) ?? true {
                entries[key]?.triedAgain = now
                // It has to settle anew.
                entries[key]?.time = now
                lost.append(known)
            }
        }
        return (entries.count < before, lost)
    }

    /// Takes up what the daemon before had; what was noted since is newer.
    mutating func add(_ former: RestrictionsRecord) {
        for client in former.clients {
            guard let id = PlainName(cleaning: client.id) else { continue }
            let key = Key(id: id, fingerprint: client.fingerprint)
            guard entries[key] == nil else { continue }
            let restriction = client.lists.flatMap {
                // Why it can't be read doesn't matter.
                try? ClientRestriction(vaults: $0.vaults, groups: $0.groups, hosts: $0.hosts)
            }
            entries[key] = Entry(restriction: restriction ?? .unreadable, time: client.time)
        }
    }

    var record: RestrictionsRecord {
        let clients = entries.map { key, entry -> RestrictionsRecord.Client in
            let restriction = entry.restriction
            return RestrictionsRecord.Client(
                id: key.id.text,
                fingerprint: key.fingerprint,
                time: entry.time,
                lists: restriction.isUnreadable
                    ? nil
                    : RestrictionsRecord.Lists(
                        vaults: restriction.vaults,
                        groups: restriction.groups,
                        hosts: restriction.hosts
                    )
            )
        }
        return RestrictionsRecord(clients.sorted { ($0.id, $0.fingerprint) < ($1.id, $1.fingerprint) })
    }
}

/// The same as a file has it, for the next daemon.
struct RestrictionsRecord: ForgottenRecord {
    struct Client: Codable, Sendable {
        var id: String
        var fingerprint: String
        /// When it was restricted, in seconds since 1970.
        var time: UInt64
        /// To what; nil where nobody knows, so that there is nothing for it.
        var lists: Lists?
    }

    struct Lists: Codable, Sendable {
        var vaults: [String]
        var groups: [String]
        var hosts: [String]
    }

    static let fileName = "restrictions.json"
    static let currentFormat = 1
    static let subject = "what clients are restricted to"
    static let withoutReading = "No client is let in until it is known what you have restricted them to"
    static let withoutFile = "every client is restricted to what the keyring says"

    private(set) var format: Int = Self.currentFormat
    private(set) var clients: [Client] = []

    /// Nobody was restricted lately.
    init() {}

    /// What is to be kept.
    init(_ clients: [Client]) {
        self.clients = clients
    }
}
