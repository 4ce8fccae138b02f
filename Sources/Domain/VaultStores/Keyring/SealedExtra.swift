// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Vault

/// What belongs to a login as it stays in memory: where the login belongs in the open, everything else sealed.
///
/// String fields and former passwords of a whole keyring would fill the locked memory that keys and passwords are in at
/// the moment when they are used.
struct SealedExtra: Sendable {
    let settings: EntrySettings
    /// In their order.
    let fieldNames: [String]
    let furtherURLs: [String]
    private let sealed: [UInt8]

    /// Seals what is kept; nil if it isn't ours.
    init?(json document: SecretBytes) {
        guard let extra = LoginExtra(json: document) else { return nil }
        settings = extra.settings
        fieldNames = extra.fields.keys.sorted()
        furtherURLs = Login.furtherURLs(in: extra.fields)
        sealed = SecretSeal().seal(document)
    }

    /// All of it.
    func opened() throws(VaultError) -> LoginExtra {
        guard let extra = SealOpener().open(sealed).flatMap({ LoginExtra(json: $0) }) else {
            throw .failed("what belongs to a login can't be opened in memory")
        }
        return extra
    }
}
