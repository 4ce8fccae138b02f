// SPDX-License-Identifier: Apache-2.0

package import Ciphers
import SecureMemory

/// What a new login is to hold, as it stays in memory where there are many: what is secret in it is sealed.
///
/// The secure heap has no room for the passwords of a whole import.
package struct SealedDraft: Sendable {
    /// All of it but the password and the values of the string fields.
    private let open: LoginDraft
    private let password: [UInt8]?
    private let fields: [String: [UInt8]]

    /// How many bytes are sealed.
    package var sealedCount: Int { fields.values.reduce(password?.count ?? 0) { $0 + $1.count } }

    /// Seals a draft of a new login; an id, and fields that it removes, are left out.
    package init(_ draft: LoginDraft, by seal: borrowing SecretSeal = SecretSeal()) {
        var open = draft
        (open.id, open.password, open.fields) = (nil, nil, [:])
        self.open = open
        password = if let password = draft.password { seal.seal(password) } else { nil }
        var fields: [String: [UInt8]] = [:]
        for (name, value) in draft.fields { if let value { fields[name] = seal.seal(value) } }
        self.fields = fields
    }

    /// The draft, its secrets in the secure heap for as long as somebody holds it.
    ///
    /// - Throws: `failed` where memory isn't what it was.
    package func opened(by opener: borrowing SealOpener = SealOpener()) throws(VaultError) -> LoginDraft {
        var draft = open
        if let password { draft.password = try Self.secret(password, opener) }
        for (name, value) in fields { draft.fields[name] = .some(try Self.secret(value, opener)) }
        return draft
    }

    private static func secret(
        _ sealed: [UInt8],
        _ opener: borrowing SealOpener
    ) throws(VaultError) -> SecretBytes {
        guard let secret = opener.open(sealed) else {
            throw .failed("what is to be saved can't be opened in memory")
        }
        return secret
    }
}
