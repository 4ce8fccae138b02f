// SPDX-License-Identifier: Apache-2.0

import SecretService
import SecureMemory
import TestSupport
import Testing
import Vault

@testable import VaultStores

/// Logins that other programs keep, in each of the programs that offer the Secret Service.
@Suite struct OriginProviderTests {
    @Test(.enabled(if: GitLibsecretHelper.isBuildable), arguments: KeyringKind.allCases)
    func `git's and GNOME Web's logins are known in whatever keyring they are`(kind: KeyringKind) async throws
    {
        let session = try await ProviderSession(kind)
        let credential = "protocol=https\nhost=git.example.org\nusername=anna\npassword=s3cret\n"
        try await GitLibsecretHelper.store(credential, on: session.bus)
        let stored = try await session.secretTool(
            "store",
            "--label=Password for anna in a form in https://example.org",
            "xdg:schema",
            "org.epiphany.FormPassword",
            "uri",
            "https://example.org",
            "username",
            "anna",
            input: "geheim"
        )
        #expect(stored.status == 0, "\(stored)")
        let keyring = try await StoreFixture.keyring(on: session.bus)
        let state = session.bus.folder.path("state/keybell")
        let origins = Set(LoginOrigin.allCases)
        let store = StoreFixture.store(keyring, state, Observed(1_700_000_000), origins)
        let all = try await store.index().all.sorted { $0.url < $1.url }
        #expect(all.map(\.url) == ["https://example.org", "https://git.example.org"])
        #expect(all.map(\.origin) == [.epiphany, .git])
        #expect(all.map(\.username) == ["anna", "anna"])
        let passwords = [SecretBytes(utf8: "geheim"), SecretBytes(utf8: "s3cret")]
        for (login, password) in zip(all, passwords) {
            #expect(try await store.secrets(of: login.id).password == password)
        }
        let again = StoreFixture.store(keyring, state + "-lost", Observed(1_700_000_000), origins)
        #expect(try await Set(again.index().all.map(\.id)) == Set(all.map(\.id)))
    }
}
