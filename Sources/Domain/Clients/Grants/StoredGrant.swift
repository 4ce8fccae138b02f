// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SecureMemory

/// A grant as its JSON has it; the keyring's item for that is written in `GrantRegistry+writing`.
struct StoredGrant: Codable {
    var name: String
    var program: String
    var origin: String?
    var vault: String
    var kind: String
    var host: String
    var submit: String?
    /// Nil in what was stored before grants knew where forms go.
    var scheme: String?
    var allows: Bool
    var entries: [String]?

    static func encode(_ grants: [Grant]) -> SecretBytes {
        let stored = grants.map { grant in
            StoredGrant(
                name: grant.name,
                program: grant.key.program,
                origin: grant.key.origin,
                vault: grant.key.vault,
                kind: grant.key.kind.rawValue,
                host: grant.key.host,
                submit: grant.key.form?.submitHost,
                scheme: grant.key.form?.scheme,
                allows: grant.allows,
                entries: grant.entries?.sorted()
            )
        }
        // Strings and numbers always encode.
        return SecretBytes(copying: (try? JSONEncoder().encode(stored)) ?? Data("[]".utf8))
    }

    /// Reads a key's grants; a kind that this version doesn't know is left out.
    ///
    /// - Returns: Nil where it can't be read: then nobody knows what was decided.
    static func decode(_ secret: SecretBytes, fingerprint: String) -> [Grant]? {
        guard
            let text = secret.exposedText(),
            let stored = try? JSONDecoder().decode([StoredGrant].self, from: Data(text.utf8))  // nil is told
        else { return nil }
        return stored.compactMap { stored in
            guard let kind = GrantKey.Kind(rawValue: stored.kind) else { return nil }
            return Grant(
                name: stored.name,
                key: GrantKey(
                    fingerprint: fingerprint,
                    program: stored.program,
                    origin: stored.origin,
                    vault: stored.vault,
                    kind: kind,
                    host: stored.host,
                    form: stored.scheme.map { GrantKey.Form(submitHost: stored.submit, scheme: $0) }
                ),
                allows: stored.allows,
                entries: stored.entries.map(Set.init),
                scope: .always
            )
        }
    }
}
