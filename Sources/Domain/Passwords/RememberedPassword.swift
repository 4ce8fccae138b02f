// SPDX-License-Identifier: Apache-2.0

import SecretService
import SecureMemory

/// A vault's password as an item of the keyring, found by the vault's file.
struct RememberedPassword: Sendable {
    static let schema = "org.keybell.VaultPassword"

    let vault: String
    let path: String
    let keyring: Keyring

    private var attributes: [String: String] { ["vault": path] }

    /// Has the keyring ask the person to open it, if it is locked; only ever because of their word.
    func open() async throws(KeyringError) {
        try await keyring.unlockForStoring()
    }

    /// Whether the keyring is open.
    func isOpen() async -> Bool {
        await keyring.state() == .unlocked
    }

    /// The password, or nil if there is none.
    ///
    /// - Throws: `locked` and the like; only where the keyring asks before it gives any item, it asks here.
    func recall() async throws(KeyringError) -> SecretBytes? {
        guard let item = try await keyring.items(schema: Self.schema, attributes: attributes).last else {
            return nil
        }
        return try await keyring.secret(of: item, confirming: true)
    }

    /// Keeps a password in place of a former one.
    func keep(_ password: SecretBytes) async throws(KeyringError) {
        let items = try await keyring.items(schema: Self.schema, attributes: attributes)
        if let item = items.last {
            try await keyring.change(item, secret: password)
        } else {
            _ = try await keyring.store(
                schema: Self.schema,
                label: "Keybell vault password: \(vault)",
                attributes: attributes,
                secret: password
            )
        }
    }
}
