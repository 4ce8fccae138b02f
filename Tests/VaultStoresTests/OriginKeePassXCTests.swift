// SPDX-License-Identifier: Apache-2.0

import SecretService
import SecureMemory
import TestSupport
import Testing
import Vault
import VaultTestSupport

@testable import VaultStores

/// The entries that a real KeePassXC shows.
@Suite struct OriginKeePassXCTests {
    private static let mail = "00112233445566778899AABBCCDDEE01"
    private static let content = """
        \(KeePassXCKeyring.entry(
            "Mail",
            uuid: "ABEiM0RVZneImaq7zN3uAQ==",
            fields: [
                "UserName": "anna", "URL": "https://mail.example.org/", "KP2A_URL_1": "https://imap.example.org",
                "KeePassHttp Settings": #"{"Allow":["a.example"],"Deny":["bad.example"]}"#,
            ],
            protected: ["Password": "geheim", "otp": "JBSWY3DPEHPK3PXP"]
        ))<Group><UUID>ABEiM0RVZneImaq7zN3uAg==</UUID><Name>Work</Name>\(KeePassXCKeyring.entry(
            "a/b",
            uuid: "ABEiM0RVZneImaq7zN3uAw==",
            fields: [
                "UserName": "{REF:U@I:\(mail)}", "URL": "https://work.example.org/",
            ],
            protected: ["Password": "{REF:P@I:\(mail)}"]
        ))</Group>
        """

    @Test
    func `entries are served under their uuids, with their groups, and without what KeePassXC protects`()
        async throws
    {
        let session = try await ProviderSession(.keePassXC, content: Self.content)
        let keyring = try await StoreFixture.keyring(on: session.bus)
        let state = session.bus.folder.path("state/keybell")
        let store = StoreFixture.store(keyring, state, Observed(1_700_000_000), [.keepassxc, .git])
        let all = try await store.index().all.sorted { $0.title < $1.title }
        #expect(all.map(\.title) == ["Mail", "a/b"])
        let mail = try #require(all.first)
        #expect(mail.id.hex == Self.mail && mail.origin == .keepassxc)
        #expect((mail.username, mail.url) == ("anna", "https://mail.example.org/"))
        #expect(mail.furtherURLs == ["https://imap.example.org"])
        #expect(mail.settings.deny == ["bad.example"] && mail.settings.allow.isEmpty)
        #expect(mail.group?.name == "KeePassXC" && mail.fieldNames.isEmpty)
        #expect(all.last?.group?.name == "KeePassXC/Work" && all.last?.username == "anna")
        for login in all {
            #expect(try await store.secrets(of: login.id).password == SecretBytes(utf8: "geheim"))
        }
        let held = try #require(await store.snapshot)
        #expect(!"\(held.items)".contains("JBSWY3DPEHPK3PXP"))

        // One of Keybell's own beside them is just that, and theirs stay as they are.
        let own = try await store.save(LoginDraft(password: SecretBytes(utf8: "x"), title: "Own"))
        #expect(try await store.index().login(own)?.origin == nil)
        #expect(try await store.index().count == 3)
        await #expect(throws: VaultError.self) {
            try await store.preview(LoginDraft(id: mail.id, title: "New"))
        }
        let changes = store.changes()
        try await session.provider.lock()
        if await !store.isLocked() {
            for await _ in changes where await store.isLocked() { break }
        }
        await #expect(throws: VaultError.locked) { try await store.index() }
    }
}
