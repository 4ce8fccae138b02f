// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// Keys that the keyring may still have, or get yet, and that don't count: those that were revoked, and those of which it
/// hasn't confirmed that they are stored.
struct ForgottenKeys: ForgottenItems {
    private struct Key: Hashable {
        var id: PlainName
        /// Nil for whatever key the Id has.
        var fingerprint: String?
    }

    /// When each was forgotten, by `count`.
    private var keys: [Key: Int] = [:]
    /// How often something was forgotten.
    private(set) var count = 0

    var isEmpty: Bool { keys.isEmpty }

    /// The Ids of which something is.
    var ids: Set<PlainName> { Set(keys.keys.map(\.id)) }

    /// The same for the next daemon.
    var record: ForgottenKeysRecord {
        let keys = keys.keys.map { ForgottenKeysRecord.Key(id: $0.id.text, fingerprint: $0.fingerprint) }
        return ForgottenKeysRecord(
            keys.sorted { ($0.id, $0.fingerprint ?? "") < ($1.id, $1.fingerprint ?? "") }
        )
    }

    /// Whether a key of an Id is forgotten; of one that can't be read: whether any would be.
    func covers(_ id: PlainName, _ fingerprint: String?) -> Bool {
        if keys[Key(id: id, fingerprint: nil)] != nil { return true }
        return fingerprint.map { keys[Key(id: id, fingerprint: $0)] != nil } ?? false
    }

    /// Forgets a key of an Id; without a fingerprint whatever key it has.
    mutating func add(_ id: PlainName, _ fingerprint: String?) {
        count += 1
        keys[Key(id: id, fingerprint: fingerprint)] = count
    }

    /// Forgets what the daemon before had.
    mutating func add(_ former: ForgottenKeysRecord) {
        for key in former.keys {
            if let id = PlainName(cleaning: key.id) { add(id, key.fingerprint) }
        }
    }

    /// The keyring has nothing any more of what was forgotten of these Ids by that time.
    mutating func areDeleted(_ ids: Set<PlainName>, notAfter time: Int) {
        keys = keys.filter { !ids.contains($0.key.id) || $0.value > time }
    }

    /// A key is let in under an Id; what was forgotten of that Id by that time says nothing about this one.
    mutating func letIn(_ id: PlainName, _ fingerprint: String, notAfter time: Int) {
        keys[Key(id: id, fingerprint: fingerprint)] = nil
        if let forgotten = keys[Key(id: id, fingerprint: nil)], forgotten <= time {
            keys[Key(id: id, fingerprint: nil)] = nil
        }
    }
}

/// The same as a file has it, for the next daemon.
struct ForgottenKeysRecord: ForgottenRecord {
    struct Key: Codable, Sendable {
        var id: String
        /// Nil for whatever key the Id has.
        var fingerprint: String?
    }

    static let fileName = "revoked.json"
    static let currentFormat = 1
    static let withoutReading = "No client is let in until it is known which of them you have revoked"
    static let withoutFile = "every client counts whose key the keyring has"

    private(set) var format: Int = Self.currentFormat
    private(set) var keys: [Key] = []

    /// Nothing is.
    init() {}

    /// What is to be kept.
    init(_ keys: [Key]) {
        self.keys = keys
    }
}

extension ClientRegistry {
    /// Why no client is let in: which of them are revoked, or what they were restricted to lately, can't be read in the state
    /// folder; nil where it can be.
    ///
    /// It reads the disk.
    package static func trouble(in folder: String) -> String? {
        ForgottenFile<ForgottenKeysRecord>.trouble(in: folder)
            ?? ForgottenFile<RestrictionsRecord>.trouble(in: folder)
    }
}
