// SPDX-License-Identifier: Apache-2.0

import Clients
import ConcurrencyTools
import Foundation
import KeePassHTTP
import SecretService
import SecureMemory
import TestSupport
import Testing
import Vault

/// What a client is restricted to, as it stands in the keyring.
@Suite struct RestrictionTests {
    private static func restriction() throws -> ClientRestriction {
        try ClientRestriction(vaults: ["work"], groups: ["Web/\"Café\"", "B"], hosts: ["*.example.com"])
    }

    private static func item(_ fixture: RegistryFixture) async throws -> KeyringItem {
        try #require(try await fixture.keyring.items(schema: RegistryFixture.schema).first)
    }

    @Test func `it is kept in the client's own item, and read back after a restart`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let before = try await Self.item(fixture)
        let restriction = try Self.restriction()
        try await fixture.registry.restrict("firefox", fingerprint: key.fingerprint, to: restriction)
        #expect(try await fixture.registry.client(withID: "firefox")?.restriction == restriction)
        let after = try await Self.item(fixture)
        #expect(after.path == before.path && after.label == before.label)
        let added = after.attributes.filter { before.attributes[$0.key] != $0.value }
        #expect(
            added.keys.sorted() == ["groups", "hosts", "vaults"] && added["hosts"] == #"["*.example.com"]"#
        )
        let outside = try await fixture.session.lookUpOutside(["id": "firefox"])
        #expect(outside == key.base64().exposedText())
        #expect(try await fixture.restarted().client(withID: "firefox")?.restriction == restriction)

        try await fixture.registry.restrict("firefox", fingerprint: key.fingerprint, to: .everything)
        #expect(try await Self.item(fixture).attributes == before.attributes)
        #expect(try await fixture.registry.client(withID: "firefox")?.restriction == .everything)
    }

    @Test(arguments: [
        ("vaults", "work"), ("vaults", " "), ("groups", #"["a",1]"#), ("hosts", #"["*.com"]"#),
        ("hosts", "null"),
        ("groups", #"{"a":"b"}"#), ("groups", #"[""]"#),
    ])
    func `where it can't be read there is nothing for the client, until it is restricted anew`(
        attribute: String,
        value: String
    ) async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let item = try await Self.item(fixture)
        try await fixture.keyring.change(item, attributes: item.attributes.merging([attribute: value]) { $1 })
        let registry = try await fixture.restarted()
        #expect(try await registry.client(withID: "firefox")?.restriction == .unreadable)
        try await registry.restrict("firefox", fingerprint: key.fingerprint, to: .everything)
        #expect(try await registry.client(withID: "firefox")?.restriction == .everything)
    }

    /// A registry whose state folder outlives it.
    private static func registry(_ fixture: RegistryFixture, folder: String = "state") -> ClientRegistry {
        ClientRegistry(
            keyring: fixture.keyring,
            folder: fixture.folder.path(folder),
            logger: quiet,
            pause: .milliseconds(20),
            now: { fixture.clock.now }
        )
    }

    private static func kept(_ fixture: RegistryFixture) throws -> String {
        try String(contentsOfFile: fixture.folder.path("state/restrictions.json"), encoding: .utf8)
    }

    @Test func `what the keyring loses when it is killed counts all the same, and is given to it again`()
        async throws
    {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let before = try await Self.item(fixture)
        let restriction = try Self.restriction()
        let first = Self.registry(fixture)
        try await first.restrict("firefox", fingerprint: key.fingerprint, to: restriction)
        #expect(try Self.kept(fixture).contains("*.example.com"))
        // As a provider has it that was killed before it had written that.
        try await fixture.keyring.change(try await Self.item(fixture), attributes: before.attributes)
        let second = Self.registry(fixture)
        #expect(try await second.client(withID: "firefox")?.restriction == restriction)
        try await withDeadline(.seconds(20)) {
            while try await Self.item(fixture).attributes["vaults"] == nil { await Task.yield() }
        }
        // A key in its place, or under another Id, inherits it.
        let next = ClientKey.random()
        for (id, key) in [("firefox", next), ("other", next)] {
            try await second.register(
                id: id,
                key: key,
                program: "",
                origin: nil,
                database: "",
                replacing: try await second.client(withID: id)?.fingerprint
            )
            #expect(try await second.client(withID: id)?.restriction == restriction)
        }
    }

    @Test func `once the keyring has had it for a while, the state folder has it no more`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let registry = Self.registry(fixture)
        try await registry.restrict("firefox", fingerprint: key.fingerprint, to: Self.restriction())
        fixture.clock.update { $0 += 601 }
        let second = Self.registry(fixture)
        await second.load()
        try await withDeadline(.seconds(20)) {
            while try Self.kept(fixture).contains("*.example.com") { await Task.yield() }
        }
        #expect(try await Self.registry(fixture).client(withID: "firefox")?.restriction == Self.restriction())
    }

    @Test
    func `what the state folder can't keep isn't done, and what it has and can't be read lets nobody in`()
        async throws
    {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        try fixture.folder.write("file", "no folder")
        let registry = Self.registry(fixture, folder: "file/state")
        await #expect(throws: ClientError.self) {
            try await registry.restrict("firefox", fingerprint: key.fingerprint, to: Self.restriction())
        }
        #expect(try await Self.item(fixture).attributes["vaults"] == nil)
        try await Self.registry(fixture).restrict(
            "firefox",
            fingerprint: key.fingerprint,
            to: Self.restriction()
        )
        try fixture.folder.write("state/restrictions.json", "{")
        await #expect(throws: ClientError.self) { try await Self.registry(fixture).list() }
        #expect(ClientRegistry.trouble(in: fixture.folder.path("state")) != nil)
    }

    @Test func `a client that is revoked and let in again is restricted anew`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let registry = Self.registry(fixture)
        try await registry.restrict("firefox", fingerprint: key.fingerprint, to: Self.restriction())
        try await registry.revoke("firefox")
        try await registry.register(id: "firefox", key: key, program: "", origin: nil, database: "")
        #expect(try await registry.client(withID: "firefox")?.restriction == .everything)
    }

    @Test func `an empty attribute, as some keyrings keep it, restricts nothing`() async throws {
        let fixture = try await RegistryFixture()
        try await fixture.register()
        let item = try await Self.item(fixture)
        let left = item.attributes.merging(["vaults": "", "groups": "", "hosts": #"["*.example.com"]"#]) {
            $1
        }
        try await fixture.keyring.change(item, attributes: left)
        #expect(
            try await fixture.restarted().client(withID: "firefox")?.restriction
                == ClientRestriction(hosts: ["*.example.com"])
        )
        try await fixture.keyring.change(item, attributes: left.merging(["hosts": ""]) { $1 })
        #expect(try await fixture.restarted().client(withID: "firefox")?.restriction == .everything)
    }

    @Test func `another key under the Id, and the client's use, leave it as it is`() async throws {
        let fixture = try await RegistryFixture()
        let first = try await fixture.register()
        let restriction = try Self.restriction()
        try await fixture.registry.restrict("firefox", fingerprint: first.fingerprint, to: restriction)
        let second = try await fixture.register()
        #expect(try await fixture.registry.client(withID: "firefox")?.restriction == restriction)
        let outcome = await fixture.registry.verify(
            id: "firefox",
            signature: try signature(second),
            changes: false
        )
        guard case .verified(_, let client, _) = outcome else { throw TimedOut(description: "\(outcome)") }
        #expect(client.restriction == restriction)
        try await fixture.settle("the day of use") {
            try await fixture.attribute("last-used", of: "firefox") != nil
        }
        try await fixture.registry.rename("firefox", to: "The fox")
        #expect(try await fixture.restarted().client(withID: "firefox")?.restriction == restriction)
    }

    @Test func `a key is stored with what it is restricted to, also in place of another's`() async throws {
        let fixture = try await RegistryFixture()
        var former: String?
        for restriction in [try Self.restriction(), try ClientRestriction(hosts: ["a.example"]), .everything]
        {
            let key = ClientKey.random()
            try await fixture.registry.register(
                id: "firefox",
                key: key,
                program: "/usr/bin/firefox",
                origin: nil,
                database: "aa",
                replacing: former,
                restrictedTo: restriction
            )
            former = key.fingerprint
            #expect(try await fixture.registry.client(withID: "firefox")?.restriction == restriction)
        }
    }

    @Test func `a key sees no more under another Id, unless that is said`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let restriction = try Self.restriction()
        try await fixture.registry.restrict("firefox", fingerprint: key.fingerprint, to: restriction)
        try await fixture.register("other", key: key)
        #expect(try await fixture.registry.client(withID: "other")?.restriction == restriction)
        try await fixture.registry.register(
            id: "third",
            key: key,
            program: "/usr/bin/firefox",
            origin: nil,
            database: "aa",
            restrictedTo: .everything
        )
        #expect(try await fixture.registry.client(withID: "third")?.restriction == .everything)
    }

    @Test func `the key that it was meant for is restricted, or none`() async throws {
        let fixture = try await RegistryFixture()
        let first = try await fixture.register()
        try await fixture.register()
        await #expect(throws: ClientError.unknown("firefox")) {
            try await fixture.registry.restrict(
                "firefox",
                fingerprint: first.fingerprint,
                to: Self.restriction()
            )
        }
        await #expect(throws: ClientError.unknown("nobody")) {
            try await fixture.registry.restrict(
                "nobody",
                fingerprint: first.fingerprint,
                to: Self.restriction()
            )
        }
        #expect(try await fixture.registry.list().map(\.restriction) == [.everything])
    }

    @Test func `a double is restricted, too, for it counts once the other is gone`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let item = try await Self.item(fixture)
        let copy = item.attributes.merging(["created": "1600000000"]) { $1 }
        _ = try await fixture.keyring.store(
            schema: RegistryFixture.schema,
            label: item.label,
            attributes: copy,
            secret: key.base64()
        )
        let registry = try await fixture.restarted()
        try await registry.restrict("firefox", fingerprint: key.fingerprint, to: Self.restriction())
        let items = try await fixture.keyring.items(schema: RegistryFixture.schema)
        #expect(items.count == 2 && items.allSatisfy { $0.attributes["vaults"] == #"["work"]"# })
    }
}
