// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
package import SecretService
package import Vault

// What other programs keep in the keyring: it is served, and never written to.
extension KeyringStore {
    /// Serves the logins of these programs from now on, and of no others.
    package func serve(origins: Set<LoginOrigin>) {
        guard origins != self.origins else { return }
        self.origins = origins
        forget()
        changeBroadcast.send(())
    }

    /// The items of the programs that are served, but for those at these paths.
    func originItems(except known: [String]) async throws(KeyringError) -> [KeyringItem] {
        try await Self.originItems(of: origins, in: keyring, except: known)
    }

    private static func originItems(
        of origins: Set<LoginOrigin>,
        in keyring: Keyring,
        except known: [String]
    ) async throws(KeyringError) -> [KeyringItem] {
        var items: [KeyringItem] = []
        for schema in Set(origins.flatMap(OriginItem.schemas)) {
            items += try await keyring.items(schema: schema)
        }
        if origins.contains(.keepassxc) {
            items += try await keyring.entries(except: Set(known + items.map(\.path)))
        }
        return items.filter { OriginItem($0, among: origins) != nil }
    }

    /// How many logins of each of some programs there are in a keyring.
    ///
    /// - Parameters:
    ///   - origins: The programs.
    ///   - keyring: Where to look.
    /// - Returns: Those that have any, and how many.
    /// - Throws: What keeps the keyring from being read.
    package static func logins(
        of origins: Set<LoginOrigin>,
        in keyring: Keyring
    ) async throws(KeyringError) -> [LoginOrigin: Int] {
        let items = try await originItems(of: origins, in: keyring, except: [])
        return items.reduce(into: [:]) { counts, item in
            if let origin = OriginItem(item, among: origins)?.origin { counts[origin, default: 0] += 1 }
        }
    }

    /// Refuses to change what another program keeps.
    func checkIsOwn(_ login: Login) throws(VaultError) {
        guard let origin = login.origin else { return }
        throw .refused(
            "This login is kept by another program (\(origin.name)), and Keybell only reads it: change it there."
        )
    }
}
