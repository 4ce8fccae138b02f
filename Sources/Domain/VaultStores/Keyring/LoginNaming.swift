// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecretService
import Vault

/// Gives every item a permanent name, including those that have none; pure.
///
/// A made-up name is derived from the public part of the item, so that it is the same even if the state is lost, and
/// reveals nothing else. The state remembers it with all that the item said, so that it stays when the item is changed
/// in place: known by its path then.
struct LoginNaming {
    /// The names by the items' paths.
    private(set) var names: [String: LoginID] = [:]
    /// What to remember of the made-up ones.
    private(set) var derived: [KeyringVaultState.Derived] = []
    private var taken: Set<LoginID> = []

    /// Names items.
    ///
    /// - Parameters:
    ///   - items: All logins, the oldest first; of two with the same name the oldest keeps it.
    ///   - remembered: What a former naming said to remember.
    ///   - name: Makes up a name from the public part of an item, and a number by which items that say the same differ.
    init(
        _ items: [KeyringItem],
        remembered: [KeyringVaultState.Derived],
        name: (_ digest: String, _ attempt: Int) -> LoginID? = Self.name
    ) {
        var nameless: [(item: KeyringItem, digest: String)] = []
        for item in items {
            if let own = LoginItem.ownName(item), taken.insert(own).inserted {
                names[item.path] = own
            } else {
                nameless.append((item, LoginItem.digest(item)))
            }
        }
        var memory = FreeNames(remembered)
        // Exact matches first, so that a changed item can't take the name of one that stayed.
        let strangers = nameless.filter {
            !adopt($0.item, $0.digest, memory.take(path: $0.item.path, digest: $0.digest))
        }
        let others = strangers.filter { !adopt($0.item, $0.digest, memory.take(digest: $0.digest)) }
        // Many identical items cost no more than any others.
        var attempts: [String: Int] = [:]
        for (item, digest) in others where !adopt(item, digest, memory.take(path: item.path)) {
            let facts = LoginItem.publicDigest(item)
            var attempt = attempts[facts] ?? 0
            while !adopt(item, digest, name(facts, attempt)) { attempt += 1 }
            attempts[facts] = attempt + 1
        }
    }

    private mutating func adopt(_ item: KeyringItem, _ digest: String, _ name: LoginID?) -> Bool {
        guard let name, taken.insert(name).inserted else { return false }
        names[item.path] = name
        derived.append(KeyringVaultState.Derived(digest: digest, path: item.path, uuid: name.hex))
        return true
    }

    /// Items that say the same get different names by the attempt.
    static func name(of digest: String, attempt: Int) -> LoginID? {
        LoginID(Digest.sha256(Array("org.keybell.Login/\(digest)/\(attempt)".utf8)).prefix(16))
    }
}

/// Made-up names that haven't been given out again yet; each look-up costs the same, however many say the same.
private struct FreeNames {
    private let derived: [KeyringVaultState.Derived]
    private let byPath: [String: Int]
    /// What is left of those that say the same, the first one last.
    private var byDigest: [String: [Int]]
    private var given: Set<String> = []

    init(_ derived: [KeyringVaultState.Derived]) {
        self.derived = derived
        byPath = Dictionary(derived.indices.map { (derived[$0].path, $0) }) { first, _ in first }
        byDigest = Dictionary(grouping: derived.indices.reversed()) { derived[$0].digest }
    }

    mutating func take(path: String, digest: String) -> LoginID? {
        guard let place = byPath[path], derived[place].digest == digest else { return nil }
        return take(place)
    }

    mutating func take(digest: String) -> LoginID? {
        while let place = byDigest[digest]?.popLast() {
            if let name = take(place) { return name }
        }
        return nil
    }

    mutating func take(path: String) -> LoginID? { byPath[path].flatMap { take($0) } }

    private mutating func take(_ place: Int) -> LoginID? {
        let name = derived[place].uuid
        return given.insert(name).inserted ? LoginID(hex: name) : nil
    }
}
