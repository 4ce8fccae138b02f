// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Vault

extension KDBXSnapshot {
    /// A code for the secrets of each login, under a key; it takes a while where there are thousands.
    func codes(key: SecretBytes) -> [LoginID: [UInt8]] {
        var codes: [LoginID: [UInt8]] = [:]
        for login in index.everything { codes[login.id] = secrets(of: login.id).map { Self.code($0, key) } }
        return codes
    }

    static func code(_ secrets: LoginSecrets, _ key: SecretBytes) -> [UInt8] {
        var parts = [secrets.password, secrets.notes]
        for (name, value) in secrets.fields.sorted(by: { $0.key < $1.key }) {
            parts += [SecretBytes(utf8: name), value]
        }
        // Each with its length, so that nothing moves unseen from one to the next.
        let framed = parts.flatMap { [SecretBytes(utf8: "\($0.count):"), $0] }
        // The whole is the key: so the secrets are in no plain memory.
        return HMAC.sha256(key: SecretBytes.joining([key] + framed), [])
    }
}
