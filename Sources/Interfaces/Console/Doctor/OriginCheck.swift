// SPDX-License-Identifier: Apache-2.0

import DBus
import DisplayText
import SecretService
import Settings
import Vault
import VaultStores

/// Checks that what `items` names is in the keyring: logins that other programs keep there.
enum OriginCheck {
    static func findings(_ bus: BusConnection, _ configuration: Configuration) async -> [Finding] {
        guard let vault = configuration.vaults.first(where: { $0.kind == .keyring }), !vault.origins.isEmpty
        else { return [] }
        let keyring = Keyring.quiet(bus, collection: configuration.keyring.collection)
        do throws(KeyringError) {
            let counts = try await KeyringStore.logins(of: Set(vault.origins), in: keyring)
            return findings(of: vault, counts, provider: await keyring.doctor().program)
        } catch {
            // A keyring that is locked or can't be read is among the findings about it.
            return []
        }
    }

    static func findings(
        of vault: VaultSettings,
        _ counts: [LoginOrigin: Int],
        provider: KeyringReport.Program?
    ) -> [Finding] {
        let subject = "Vault \(vault.name)"
        return vault.origins.map { origin in
            if let count = counts[origin] {
                return .ok(subject, "\(Amount.of(count, "login")) from \(origin.name)")
            }
            return .warning(
                subject,
                "`items` names \"\(origin.rawValue)\", but no login from \(origin.name) is in the keyring",
                do: "\(cure(origin, provider)) Or take \"\(origin.rawValue)\" out of `items`."
            )
        }
    }

    private static func cure(_ origin: LoginOrigin, _ provider: KeyringReport.Program?) -> String {
        switch origin {
        case .epiphany:
            "Save a password in GNOME Web; as a Flatpak it may keep them in a keyring of its own, which Keybell can't read."
        case .git: "Set git's credential.helper to libsecret, and log in with git once."
        case .network: "GNOME's Files keeps one where you have it remember a server's password."
        case .keepassxc where provider != .keePassXC:
            "\(provider?.rawValue ?? "Another program") offers the Secret Service: end it, and turn on Tools, Settings, Secret Service Integration in KeePassXC."
        case .keepassxc:
            "Choose a group with entries in KeePassXC: Database, Database Settings, Secret Service Integration."
        }
    }
}
