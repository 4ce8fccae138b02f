// SPDX-License-Identifier: Apache-2.0

import SecretService

/// What was forgotten and isn't deleted yet, by the fingerprint of the client's key.
struct ForgottenGrants: ForgottenItems {
    /// What of a key's grants was.
    struct OfKey: Sendable {
        /// By name; nil of what the daemon before has forgotten, or what couldn't be read.
        fileprivate(set) var grants: [String: Grant?] = [:]
        /// Whether all are, of whatever name.
        fileprivate(set) var isAll = false
        /// How often something was.
        fileprivate(set) var count = 0
    }

    private var keys: [String: OfKey] = [:]
    /// The allows that are being stored, and those that a denial replaces: until the keyring has confirmed that, the next
    /// daemon is to take them for forgotten, since a keyring that hangs may do it later, or not at all.
    var unconfirmed: [Grant] = []

    var isEmpty: Bool { keys.isEmpty }

    /// What is, and what isn't confirmed, for the next daemon.
    var record: ForgottenGrantsRecord {
        var all = self
        for grant in unconfirmed { all.add(grant) }
        return ForgottenGrantsRecord(all)
    }

    /// The keys of which something is.
    var fingerprints: [String] { keys.keys.sorted() }

    /// Those of which more is known than a name.
    var known: [Grant] { keys.values.flatMap { $0.grants.values.compactMap(\.self) } }

    /// What of a key's is.
    subscript(_ fingerprint: String) -> OfKey? { keys[fingerprint] }

    /// Whether a grant is forgotten.
    func covers(_ grant: Grant) -> Bool {
        guard let key = keys[grant.key.fingerprint] else { return false }
        return key.isAll || key.grants[grant.name] != nil
    }

    /// Forgets a grant.
    mutating func add(_ grant: Grant) {
        change(grant.key.fingerprint) { $0.grants[grant.name] = .some(grant) }
    }

    /// Forgets a grant of which nothing but its name is known.
    mutating func add(_ name: String, of fingerprint: String) {
        change(fingerprint) { if $0.grants[name] == nil { $0.grants.updateValue(nil, forKey: name) } }
    }

    /// Forgets all that a key has been granted until now.
    mutating func addAll(of fingerprint: String) {
        change(fingerprint) { $0.isAll = true }
    }

    /// Forgets what the daemon before had.
    mutating func add(_ former: ForgottenGrantsRecord) {
        for (fingerprint, names) in former.keys {
            change(fingerprint) { key in
                key.isAll = key.isAll || names.isAll
                for name in names.names where key.grants[name] == nil {
                    key.grants.updateValue(nil, forKey: name)
                }
            }
        }
    }

    /// The keyring has nothing of it any more.
    mutating func isDeleted(_ fingerprint: String) { keys[fingerprint] = nil }

    private mutating func change(_ fingerprint: String, _ change: (inout OfKey) -> Void) {
        var key = keys[fingerprint] ?? OfKey()
        change(&key)
        key.count += 1
        keys[fingerprint] = key
    }
}

/// The same as a file has it, for the next daemon.
struct ForgottenGrantsRecord: ForgottenRecord {
    /// What of a key's grants is forgotten.
    struct Names: Codable, Sendable {
        var isAll: Bool
        var names: [String]
    }

    static let fileName = "forgotten.json"
    static let currentFormat = 1
    static let withoutReading =
        "No stored decision counts until it is known which of them you have forgotten"
    static let withoutFile = "all that `keybell grants` lists then counts"

    private(set) var format: Int = Self.currentFormat
    private(set) var keys: [String: Names] = [:]

    /// Nothing is.
    init() {}

    /// What is to be kept.
    init(_ forgotten: ForgottenGrants) {
        for fingerprint in forgotten.fingerprints {
            guard let key = forgotten[fingerprint] else { continue }
            keys[fingerprint] = Names(isAll: key.isAll, names: key.grants.keys.sorted())
        }
    }
}

extension Forgetting<ForgottenGrants> {
    /// Whether the file says that all of a key's grants are forgotten, which is no longer to be kept; also where that can't be
    /// found out.
    func fileStillHasAll(of fingerprint: String) async -> Bool {
        guard await !isKept() else { return false }
        do throws(KeyringError) {
            return try await inFile()?.keys[fingerprint]?.isAll ?? false
        } catch {
            return true
        }
    }
}

extension GrantRegistry {
    /// Why no grant in the keyring counts: what is forgotten can't be read in the state folder; nil where it can be.
    ///
    /// It reads the disk.
    package static func trouble(in folder: String) -> String? {
        ForgottenFile<ForgottenGrantsRecord>.trouble(in: folder)
    }
}
