// SPDX-License-Identifier: Apache-2.0

import DBus
import SecretService
import SecureMemory
import TestSupport
import Testing

/// What Keybell relies on, with each provider as it is.
@Suite struct ProviderTests {
    private static let schema = KeyringFixture.schema

    @Test(arguments: KeyringKind.allCases)
    func `an item is stored, found, changed in place and deleted, by us and by others`(kind: KeyringKind)
        async throws
    {
        let session = try await ProviderSession(kind)
        let keyring = try await KeyringFixture.keyring(on: session.bus)
        let item = try await keyring.store(
            schema: Self.schema,
            label: "A / label",
            attributes: ["id": "one", "origin": "x", "program": "/usr/bin/x"],
            secret: SecretBytes(utf8: "pass wörd\n")
        )
        #expect(item.attributes == ["id": "one", "origin": "x", "program": "/usr/bin/x"])
        #expect(item.schema == Self.schema && item.label == "A / label")
        #expect(try await look(session, "one") == "pass wörd\n")

        try await keyring.change(
            item,
            label: "Another",
            attributes: ["id": "one", "more": "y"],
            secret: SecretBytes(utf8: "changed")
        )
        let all = try await keyring.items(schema: Self.schema)
        #expect(all.map(\.path) == [item.path])
        let changed = try #require(all.first)
        #expect(changed.label == "Another")
        // What was left out is gone, or empty where the provider keeps it.
        #expect(changed.attributes.filter { !$0.value.isEmpty } == ["id": "one", "more": "y"])
        #expect(try await keyring.secret(of: changed) == SecretBytes(utf8: "changed"))
        #expect(try await look(session, "one") == "changed")

        let stored = try await session.secretTool(
            "store",
            "--label=By hand",
            "xdg:schema",
            Self.schema,
            "id",
            "two",
            input: "typed"
        )
        #expect(stored.status == 0)
        let second = try #require(
            try await keyring.items(schema: Self.schema, attributes: ["id": "two"]).first
        )
        #expect(second.attributes == ["id": "two"] && second.label == "By hand")
        #expect(try await keyring.secrets(of: [changed, second]).count == 2)

        let log = EventLog(keyring)
        defer { log.stop() }
        try await session.secretTool("clear", "xdg:schema", Self.schema, "id", "two")
        try await log.wait(for: .itemsChanged(path: second.path))
        #expect(try await keyring.item(at: second.path) == nil)
        try await keyring.delete(changed)
        #expect(try await keyring.items(schema: Self.schema).isEmpty)
    }

    @Test(arguments: KeyringKind.allCases)
    func `an item with neither label nor secret is stored all the same`(kind: KeyringKind) async throws {
        let session = try await ProviderSession(kind)
        let keyring = try await KeyringFixture.keyring(on: session.bus)
        let item = try await keyring.store(
            schema: Self.schema,
            label: "",
            attributes: ["id": ""],
            secret: SecretBytes(utf8: "")
        )
        #expect(try await keyring.items(schema: Self.schema).map(\.path) == [item.path])
        #expect(try await keyring.secret(of: item).isEmpty)
        try await keyring.change(item, label: "")
        #expect(try await keyring.item(at: item.path) != nil)
    }

    @Test(arguments: KeyringKind.allCases)
    func `locks and unlocks from outside are told, and a locked collection is never an empty one`(
        kind: KeyringKind
    ) async throws {
        let session = try await ProviderSession(kind)
        let keyring = try await KeyringFixture.keyring(on: session.bus)
        let log = EventLog(keyring)
        defer { log.stop() }
        _ = try await keyring.store(
            schema: Self.schema,
            label: "x",
            attributes: ["id": "one"],
            secret: SecretBytes(utf8: "kept")
        )
        try await session.provider.lock()
        try await log.wait(for: .locked)
        #expect(await keyring.state() == .locked)
        await #expect(throws: KeyringError.locked) { try await keyring.items(schema: Self.schema) }
        await #expect(throws: KeyringError.locked) {
            try await keyring.store(schema: "x", label: "x", attributes: [:], secret: SecretBytes(utf8: "x"))
        }
        try await session.unlock()
        try await log.wait(for: .unlocked)
        let item = try #require(try await keyring.items(schema: Self.schema).first)
        #expect(try await keyring.secret(of: item) == SecretBytes(utf8: "kept"))

        try await session.provider.lock()
        async let unlocking: Void = keyring.unlock(prompt: .seconds(50))
        try await session.provider.typePassword()
        try await unlocking
        #expect(await keyring.state() == .unlocked)
        #expect(try await keyring.secret(of: item) == SecretBytes(utf8: "kept"))
    }

    @Test(arguments: KeyringKind.allCases)
    func `a provider that is killed is no provider, and serves again when it is back`(kind: KeyringKind)
        async throws
    {
        let session = try await ProviderSession(kind)
        let keyring = try await KeyringFixture.keyring(on: session.bus)
        let log = EventLog(keyring)
        defer { log.stop() }
        for id in ["one", "two"] {
            _ = try await keyring.store(
                schema: Self.schema,
                label: "Same",
                attributes: ["id": id],
                secret: SecretBytes(utf8: "secret of \(id)")
            )
        }
        try await session.provider.settle()
        try await session.provider.stop()
        try await log.wait(for: .providerLeft)
        await #expect(throws: KeyringError.noProvider) { try await keyring.items(schema: Self.schema) }
        try await session.restart()
        try await log.wait(for: .providerAppeared)
        // Paths may be others now; what an item says is not.
        let items = try await keyring.items(schema: Self.schema)
        #expect(items.compactMap { $0.attributes["id"] }.sorted() == ["one", "two"])
        for item in items {
            let secret = try await keyring.secret(of: item)
            #expect(secret == SecretBytes(utf8: "secret of \(item.attributes["id"] ?? "")"))
        }
    }

    @Test func `KeePassXC's many signals for one new entry become a few events`() async throws {
        let session = try await ProviderSession(.keePassXC)
        let keyring = try await KeyringFixture.keyring(on: session.bus)
        let log = EventLog(keyring)
        defer { log.stop() }
        #expect(await keyring.state() == .unlocked)
        let outside = try await session.bus.connect()
        let signals = try await outside.signals(interface: "org.freedesktop.Secret.Collection")
        let sent = Observed(0)
        let counting = Task {
            for await signal in signals where signal.path.text.hasSuffix("/Passwords") {
                sent.update { $0 += 1 }
            }
        }
        defer { counting.cancel() }
        let item = try await keyring.store(
            schema: Self.schema,
            label: "x",
            attributes: ["id": "one", "two": "2", "three": "3"],
            secret: SecretBytes(utf8: "x")
        )
        try await keyring.change(item, label: "y")
        try await keyring.change(item, label: "z")
        try await session.secretTool("clear", "id", "one")
        try await session.provider.lock()
        try await log.wait(for: .locked)
        let told = log.all.filter { $0 == .itemsChanged(path: item.path) }.count
        await outside.close()
        #expect(sent.now > 20)
        #expect(told > 0 && told <= sent.now / 2, "\(told) of \(sent.now)")
    }

    @Test func `a collection that is configured by its label is found while KeePassXC hides that`()
        async throws
    {
        let session = try await ProviderSession(.keePassXC)
        let keyring = try await KeyringFixture.keyring(on: session.bus, collection: "My passwords")
        #expect(await keyring.state() == .unlocked)
        try await session.provider.lock()
        #expect(await keyring.state() == .locked)
        let other = try await KeyringFixture.keyring(on: session.bus, collection: "Passwords")
        #expect(await other.state() == .locked)
    }

    private func look(_ session: ProviderSession, _ id: String) async throws -> String {
        try await session.secretTool("lookup", "xdg:schema", Self.schema, "id", id).output
    }
}
