// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DBus
import Glibc
import Logging
import SecretService
import SecureMemory
import TestSupport
import Testing
import Vault
import VaultTestSupport

@testable import VaultStores

/// A keyring that takes a while to be read.
@Suite struct BigKeyringTests {
    @Test(.timeLimit(.minutes(2)))
    func `what is made and deleted while a thousand logins are being read is served as it is`() async throws {
        let fixture = try await StoreFixture(logins: 1000)
        let store = fixture.store
        async let first = store.index()
        try await fixture.session.storeOutside(
            "New",
            ["xdg:schema": StoreFixture.schema, "url": "https://new.example/"],
            secret: "x"
        )
        try await fixture.session.secretTool([
            "clear", "xdg:schema", StoreFixture.schema, "username", "user7",
        ])
        #expect(try await first.count >= 999)
        try await fixture.settle("the new login") {
            let index = try await store.index()
            return index.titled("New").count == 1 && index.titled("Login 7").isEmpty
        }
        let index = try await store.index()
        #expect(index.count == 1000)
        let login = try #require(index.matches(url: "https://host1000.example/", now: 0).first)
        #expect((login.title, login.username) == ("Login 1000", "user1000"))
        #expect(try await store.secrets(of: login.id).password.exposedText() == "password 1000")
    }

    @Test(.timeLimit(.minutes(2)))
    func `word of items that comes all the while doesn't have all of them read anew`() async throws {
        let fixture = try await StoreFixture(logins: 500)
        let store = fixture.store
        let path = try #require(try await fixture.items(StoreFixture.schema).first?.path)
        // The last of the four attempts would give what it has read, but not keep it.
        let telling = Task {
            while !Task.isCancelled {
                await store.takeIn(.manyItemsChanged(paths: [path]))
                try await Task.sleep(for: .milliseconds(2))
            }
        }
        defer { telling.cancel() }
        #expect(try await store.index().count == 500)
        #expect(await store.snapshot != nil)
        #expect(await store.readings == 1)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a keyring that was too busy for a while is read again at its next word`() async throws {
        let session = try await KeyringSession(logins: 100)
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let keyring = Keyring(
            bus: try await session.bus.connect(),
            address: session.bus.address,
            deadline: .seconds(2),
            logger: quiet
        )
        let state = session.bus.folder.path("state/keybell")
        let store = KeyringStore(name: "keyring", keyring: keyring, state: state, logger: quiet)
        #expect(try await store.index().count == 100)
        let word = KeyringEvent.itemsChanged(path: "/org/freedesktop/secrets/collection/big/1")
        kill(session.gnome.pid, SIGSTOP)
        await store.takeIn(word)
        await store.updates.isDone()
        kill(session.gnome.pid, SIGCONT)
        #expect(await store.snapshot == nil)

        var changes = store.changes().makeAsyncIterator()
        await store.takeIn(word)
        await changes.next()
        #expect(try await store.index().count == 100)
    }

    @Test func `many items that changed are looked at, and no others`() async throws {
        let fixture = try await StoreFixture(logins: 100)
        let store = fixture.store
        #expect(try await store.index().count == 100)
        let readings = await store.readings
        for number in 0..<40 {
            await store.takeIn(
                .manyItemsChanged(paths: ["/org/freedesktop/secrets/collection/big/\(number)"])
            )
        }
        #expect(try await store.index().count == 100)
        #expect(await store.readings == readings)
    }
}
