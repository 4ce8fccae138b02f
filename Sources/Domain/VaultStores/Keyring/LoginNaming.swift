// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecretService
import Vault

/// Gives every item a name for good, those too that bring none; pure.
///
/// A made-up name comes from what the item says, so that it is the same even where the state is lost. The state
/// remembers it, so that it stays when the item is changed in place: known by its path then.
struct LoginNaming {
    /// The names by the items' paths.
    private(set) var names: [String: LoginID] = [:]
    /// What to remember of the made-up ones.
    private(set) var derived: [KeptState.Derived] = []
    private var taken: Set<LoginID> = []

    /// Names items.
    ///
    /// - Parameters:
    ///   - items: All logins, the oldest first; of two with one name it keeps it.
    ///   - remembered: What a former naming said to remember.
    init(_ items: [KeyringItem], remembered: [KeptState.Derived]) {
        var nameless: [(item: KeyringItem, digest: String)] = []
        for item in items {
            if let own = item.attributes[LoginItem.Attribute.uuid].flatMap({ LoginID(hex: $0) }),
                taken.insert(own).inserted
            {
                names[item.path] = own
            } else {
                nameless.append((item, LoginItem.digest(item)))
            }
        }
        var memory = Memory(remembered)
        // Exact matches first, so that a changed item can't take the name of one that stayed.
        let strangers = nameless.filter {
            !adopt($0.item, $0.digest, memory.take(path: $0.item.path, digest: $0.digest))
        }
        let others = strangers.filter { !adopt($0.item, $0.digest, memory.take(digest: $0.digest)) }
        for (item, digest) in others where !adopt(item, digest, memory.take(path: item.path)) {
            var attempt = 0
            while !adopt(item, digest, Self.name(of: digest, attempt: attempt)) { attempt += 1 }
        }
    }

    private mutating func adopt(_ item: KeyringItem, _ digest: String, _ name: LoginID?) -> Bool {
        guard let name, taken.insert(name).inserted else { return false }
        names[item.path] = name
        derived.append(KeptState.Derived(digest: digest, path: item.path, uuid: name.hex))
        return true
    }

    /// Items that say the same get different names by the attempt.
    private static func name(of digest: String, attempt: Int) -> LoginID? {
        LoginID(Digest.sha256(Array("org.keybell.Login/\(digest)/\(attempt)".utf8)).prefix(16))
    }
}

/// Made-up names that haven't been given out again yet.
private struct Memory {
    private var byDigest: [String: [KeptState.Derived]]

    init(_ derived: [KeptState.Derived]) {
        byDigest = Dictionary(grouping: derived, by: \.digest)
        paths = Dictionary(derived.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private var paths: [String: KeptState.Derived]

    mutating func take(path: String, digest: String) -> LoginID? {
        guard let known = paths[path], known.digest == digest else { return nil }
        return take(known)
    }

    mutating func take(digest: String) -> LoginID? {
        byDigest[digest]?.first.flatMap { take($0) }
    }

    mutating func take(path: String) -> LoginID? {
        paths[path].flatMap { take($0) }
    }

    private mutating func take(_ known: KeptState.Derived) -> LoginID? {
        byDigest[known.digest]?.removeAll { $0.uuid == known.uuid }
        if paths[known.path]?.uuid == known.uuid { paths[known.path] = nil }
        return LoginID(hex: known.uuid)
    }
}
