// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Clients
import ConcurrencyTools
import KeePassHTTP
import SecretService
import SecureMemory
import TestSupport
import Testing

@Suite struct ClientRegistryTests {
    @Test func `a key is stored as Seahorse and secret-tool show it`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let outside = try await fixture.session.lookUpOutside([
            "xdg:schema": RegistryFixture.schema, "id": "firefox",
        ])
        #expect(outside == key.base64().exposedText())
        let item = try #require(try await fixture.keyring.items(schema: RegistryFixture.schema).first)
        #expect(item.label == "Keybell client: firefox")
        let expected = [
            "id": "firefox", "program": "/usr/bin/firefox", "origin": "moz-extension://1", "database": "aa",
            "created": "1700000000",
        ]
        #expect(item.attributes == expected)
    }

    @Test func `the list tells all but the key`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let client = try #require(try await fixture.registry.list().first)
        #expect(
            client
                == Client(
                    id: "firefox",
                    fingerprint: key.fingerprint,
                    created: 1_700_000_000,
                    program: "/usr/bin/firefox",
                    origin: "moz-extension://1",
                    database: "aa"
                )
        )
        #expect(try await fixture.registry.client(withID: "firefox")?.fingerprint == key.fingerprint)
        #expect(try await fixture.registry.client(withID: "other")?.fingerprint == nil)
        #expect(try await fixture.registry.clientID(ofKey: key.fingerprint) == "firefox")
        #expect(try await fixture.registry.clientID(ofKey: "00") == nil)
        #expect(await fixture.registry.suggestID(from: "firefox") == "firefox-2")
    }

    @Test func `a key under the same Id replaces the former in its item`() async throws {
        let fixture = try await RegistryFixture()
        let first = try await fixture.register()
        let path = try await fixture.keyring.items(schema: RegistryFixture.schema).map(\.path)
        _ = await fixture.registry.verify(id: "firefox", signature: try signature(first), changes: false)
        fixture.clock.update { $0 += 100 }
        let second = try await fixture.register()
        #expect(try await fixture.keyring.items(schema: RegistryFixture.schema).map(\.path) == path)
        let client = try #require(try await fixture.registry.list().first)
        #expect(client.fingerprint == second.fingerprint)
        #expect(client.created == 1_700_000_100)
        #expect(!client.usesHmac)
        let old = await fixture.registry.verify(
            id: "firefox",
            signature: try signature(first),
            changes: false
        )
        #expect(old.verdict == "refused")
        let new = await fixture.registry.verify(
            id: "firefox",
            signature: try signature(second, hmac: false),
            changes: false
        )
        #expect(new.verdict == "verified firefox")
    }

    @Test func `a new key takes along what was granted to the one that it replaces, and to a former self`()
        async throws
    {
        let fixture = try await RegistryFixture()
        let former = try await fixture.register()
        let forgotten = Observed<Set<String>>([])
        func register(_ key: ClientKey, replacing: ClientKey?, failing: Bool = false) async throws {
            try await fixture.registry.register(
                id: "firefox",
                key: key,
                program: "/usr/bin/firefox",
                origin: nil,
                database: "",
                replacing: replacing?.fingerprint,
                forgettingGrants: { (fingerprint: String) async throws(ClientError) in
                    if failing { throw .keyring(.locked) }
                    forgotten.update { $0.insert(fingerprint) }
                }
            )
        }
        let new = ClientKey.random()
        // What can't be deleted would count for the new key.
        await #expect(throws: ClientError.self) {
            try await register(new, replacing: former, failing: true)
        }
        #expect(try await fixture.registry.client(withID: "firefox")?.fingerprint == former.fingerprint)
        try await register(new, replacing: former)
        #expect(forgotten.now == [former.fingerprint, new.fingerprint])
        // One that is there already keeps what it has.
        forgotten.update { $0 = [] }
        try await register(new, replacing: nil)
        #expect(forgotten.now.isEmpty)
    }

    @Test func `of two keys that are stored under one Id at once one gets it`() async throws {
        let fixture = try await RegistryFixture()
        let registry = fixture.registry
        let keys = [ClientKey.random(), .random()]
        let results = await withTaskGroup(of: Result<Void, ClientError>.self) { group in
            for key in keys {
                group.addTask {
                    await Result { () async throws(ClientError) in
                        try await registry.register(
                            id: "firefox",
                            key: key,
                            program: "/usr/bin/firefox",
                            origin: nil,
                            database: ""
                        )
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.count { $0.isTaken } == 1)
        let kept = try #require(try await registry.list().first)
        #expect(keys.map(\.fingerprint).contains(kept.fingerprint))
        #expect(try await fixture.keyring.items(schema: RegistryFixture.schema).count == 1)
    }

    @Test func `a key is replaced only by who was told of that one`() async throws {
        let fixture = try await RegistryFixture()
        let (first, second, third) = (
            try await fixture.register(), try await fixture.register(), ClientKey.random()
        )
        func register(replacing former: ClientKey?) async throws(ClientError) {
            try await fixture.registry.register(
                id: "firefox",
                key: third,
                program: "",
                origin: nil,
                database: "",
                replacing: former?.fingerprint
            )
        }
        for former in [nil, first] {
            await #expect(throws: ClientError.taken("firefox")) { try await register(replacing: former) }
            let holder = try await fixture.registry.client(withID: "firefox")
            #expect(holder?.fingerprint == second.fingerprint)
        }
        try await register(replacing: second)
        // Its own key needs nobody's word, and neither does an Id that is free again.
        try await register(replacing: nil)
        try await fixture.registry.revoke("firefox")
        try await register(replacing: second)
        #expect(try await fixture.registry.client(withID: "firefox")?.fingerprint == third.fingerprint)
    }

    @Test func `a client deleted from outside is revoked`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let registry = fixture.registry
        #expect(try await registry.list().count == 1)
        try await fixture.session.secretTool(["clear", "xdg:schema", RegistryFixture.schema, "id", "firefox"])
        try await fixture.settle("the revocation") {
            await registry.verify(id: "firefox", signature: try signature(key), changes: false).verdict
                == "refused"
        }
        #expect(try await registry.list().isEmpty)
    }

    @Test func `a key changed from outside counts from the next request on, though nobody tells`()
        async throws
    {
        let fixture = try await RegistryFixture()
        let former = try await fixture.register()
        let key = ClientKey.random()
        #expect(try await fixture.registry.list().count == 1)
        let item = try #require(try await fixture.keyring.items(schema: RegistryFixture.schema).first)
        try await fixture.keyring.change(item, secret: key.base64())
        let new = await fixture.registry.verify(id: "firefox", signature: try signature(key), changes: false)
        #expect(new.verdict == "verified firefox")
        let old = await fixture.registry.verify(
            id: "firefox",
            signature: try signature(former),
            changes: false
        )
        #expect(old.verdict == "refused")
    }

    @Test func `revoking takes every item of the Id away, and none of another`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        try await fixture.register("chrome")
        _ = try await fixture.keyring.store(
            schema: RegistryFixture.schema,
            label: "double",
            attributes: ["id": "firefox", "created": "1600000000"],
            secret: ClientKey.random().base64()
        )
        try await fixture.registry.revoke("firefox")
        #expect(try await fixture.registry.list().map(\.id) == ["chrome"])
        let verification = await fixture.registry.verify(
            id: "firefox",
            signature: try signature(key),
            changes: false
        )
        #expect(verification.verdict == "refused")
        await #expect(throws: ClientError.unknown("firefox")) { try await fixture.registry.revoke("firefox") }
    }

    @Test(arguments: [false, true])
    func `doubles are gone, whoever else deletes them meanwhile`(revokes: Bool) async throws {
        let session = try await KeyringSession()
        let provider = try await RefusingProvider(over: session)
        let keyring = try await provider.keyring()
        let registry = ClientRegistry(keyring: keyring, logger: quiet)
        let key = ClientKey.random()
        for copy in ["1", "2", "3"] {
            let attributes = ["xdg:schema": ClientRegistry.schema, "id": "firefox", "copy": copy]
            let secret = try #require(key.base64().exposedText())
            try await session.storeOutside("copy", attributes, secret: secret)
        }
        provider.isAlwaysGone.update { $0 = true }
        if revokes {
            try await registry.revoke("firefox")
        } else {
            // The provider lets nobody change attributes; that comes after the doubles.
            try? await registry.register(
                id: "firefox",
                key: key,
                program: "",
                origin: nil,
                database: "",
                replacing: nil
            )
        }
        #expect(provider.calls.now["Delete"] == (revokes ? 3 : 2))
    }

    @Test func `a key whose client is being revoked starts with nothing under another Id`() async throws {
        let provider = try await RefusingProvider(over: try await KeyringSession())
        let keyring = try await provider.keyring()
        let registry = ClientRegistry(keyring: keyring, logger: quiet)
        let key = ClientKey.random()
        let forgotten = Observed<[String]>([])
        let register: @Sendable (String) async throws -> Void = { id in
            try await registry.register(
                id: id,
                key: key,
                program: "",
                origin: nil,
                database: "",
                forgettingGrants: { fingerprint in forgotten.update { $0.append(fingerprint) } }
            )
        }
        try await register("firefox")
        #expect(forgotten.now == [key.fingerprint])
        provider.holding.update { $0 = "Delete" }
        let revoking = Task { try await registry.revoke("firefox") }
        try await provider.calls.wait(for: "the deletion") { $0["Delete"] == nil ? nil : () }
        let registering = Task { try await register("other") }
        // It is asked for after the registration, which stands in the line by then.
        _ = try await registry.list()
        provider.holding.update { $0 = nil }
        try await revoking.value
        try await registering.value
        #expect(forgotten.now == [key.fingerprint, key.fingerprint])
    }

    @Test func `a client whose item is locked by itself has the key that it had`() async throws {
        let session = try await KeyringSession()
        let provider = try await RefusingProvider(over: session)
        func registry() async throws -> ClientRegistry {
            ClientRegistry(keyring: try await provider.keyring(), logger: quiet)
        }
        let key = ClientKey.random()
        try await registry().register(
            id: "firefox",
            key: key,
            program: "",
            origin: nil,
            database: "",
            replacing: nil
        )
        let known = try await registry().keys()
        #expect(known == ["firefox": key.fingerprint])
        provider.areItemsLocked.update { $0 = true }
        let later = try await registry()
        #expect(try await later.keys(after: known) == known)
        #expect(try await later.keys().isEmpty)
        #expect(try await later.isLocked("firefox"))
        try await later.revoke("firefox")
        #expect(try await later.keys(after: known).isEmpty)
    }

    @Test func `of doubles the newest counts, and they are told`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        _ = try await fixture.keyring.store(
            schema: RegistryFixture.schema,
            label: "double",
            attributes: ["id": "firefox", "created": "1600000000"],
            secret: ClientKey.random().base64()
        )
        let registry = fixture.registry
        try await fixture.settle("the double") { try await registry.doubles() == ["firefox"] }
        #expect(try await registry.client(withID: "firefox")?.fingerprint == key.fingerprint)
    }

    @Test func `a name is the item's label, and the Id stays`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        try await fixture.registry.rename("firefox", to: "Work browser")
        #expect(try await fixture.registry.list().map(\.name) == ["Work browser"])
        #expect(
            try await fixture.keyring.items(schema: RegistryFixture.schema).map(\.label) == ["Work browser"]
        )
        let verification = await fixture.registry.verify(
            id: "firefox",
            signature: try signature(key),
            changes: false
        )
        #expect(verification.verdict == "verified firefox")
        try await fixture.registry.rename("firefox", to: "")
        #expect(try await fixture.registry.list().map(\.name) == [nil])
        await #expect(throws: ClientError.badName) {
            try await fixture.registry.rename("firefox", to: "a\nb")
        }
        await #expect(throws: ClientError.unknown("x")) { try await fixture.registry.rename("x", to: "y") }
    }

    @Test func `what the person calls an extension is kept with its key`() async throws {
        let fixture = try await RegistryFixture()
        _ = try await fixture.register()
        try await fixture.registry.nameExtension(of: "firefox", "KeePassHelper")
        #expect(try await fixture.registry.list().map(\.extensionName) == ["KeePassHelper"])
        #expect(try await fixture.registry.list().map(\.name) == [nil])
        try await fixture.registry.nameExtension(of: "firefox", "")
        #expect(try await fixture.registry.list().map(\.extensionName) == [nil])
        await #expect(throws: ClientError.badName) {
            try await fixture.registry.nameExtension(of: "firefox", "a\nb")
        }
        await #expect(throws: ClientError.unknown("x")) {
            try await fixture.registry.nameExtension(of: "x", "y")
        }
    }

    @Test func `nobody may be called what another is called in letters of another script`() async throws {
        let fixture = try await RegistryFixture()
        for id in ["ssh", "backup"] { try await fixture.register(id) }
        await #expect(throws: ClientError.mistakable(suggestion: nil)) {
            try await fixture.registry.rename("backup", to: "\u{455}\u{455}\u{4BB}")
        }
        await #expect(throws: ClientError.mistakable(suggestion: "git")) {
            try await fixture.registry.rename("backup", to: "g\u{131}t")
        }
        try await fixture.registry.rename("backup", to: "Сара")
        #expect(try await fixture.registry.list().compactMap(\.name) == ["Сара"])
    }

    @Test func `nobody may be called what another is called, by Id or by name`() async throws {
        let fixture = try await RegistryFixture()
        for id in ["night", "backup"] { try await fixture.register(id) }
        try await fixture.registry.rename("night", to: "Night job")
        for name in ["night", "Night job"] {
            await #expect(throws: ClientError.inUse(name)) {
                try await fixture.registry.rename("backup", to: name)
            }
        }
        try await fixture.registry.rename("night", to: "night")
        #expect(try await fixture.registry.list().map(\.name) == [nil, nil])
        try await fixture.registry.rename("backup", to: "Night job")
        #expect(await fixture.registry.suggestID(from: "Night job") == "Night job-2")
    }

    @Test func `nobody may be called what another is called but for upper and lower case`() async throws {
        let fixture = try await RegistryFixture()
        for id in ["night", "backup"] { try await fixture.register(id) }
        try await fixture.registry.rename("night", to: "Straße")
        for (name, like) in [
            ("Night", "night"), ("NIGHT", "night"), ("straße", "Straße"), ("STRASSE", "Straße"),
        ] {
            await #expect(throws: ClientError.inUse(like)) {
                try await fixture.registry.rename("backup", to: name)
            }
            #expect(await fixture.registry.isShownName(name, notOf: "00"))
            #expect(await fixture.registry.suggestID(from: name) == name + "-2")
        }
        // By an Id that is another's to the request an overwrite is asked for.
        #expect(await !fixture.registry.isShownName("night", notOf: "00"))
        // In letters of another script, too.
        await #expect(throws: ClientError.mistakable(suggestion: nil)) {
            try await fixture.register("ssh")
            try await fixture.registry.rename("backup", to: "\u{405}\u{405}\u{4BB}")
        }
        // A client's own name in other letters is nobody else's.
        try await fixture.registry.rename("night", to: "Night")
        #expect(try await fixture.registry.list().compactMap(\.name) == ["Night"])
    }

    @Test func `whose a key is that came alone is noted down once`() async throws {
        let fixture = try await RegistryFixture()
        let key = ClientKey.random()
        let registry = fixture.registry
        try await registry.register(id: "old", key: key, program: "", origin: nil, database: "")
        try await registry.settle("old", fingerprint: "00:00", program: "/usr/bin/evil", origin: nil)
        #expect(try await registry.client(withID: "old")?.program == "")
        for program in ["/usr/bin/chromium", "/usr/bin/evil"] {
            try await registry.settle(
                "old",
                fingerprint: key.fingerprint,
                program: program,
                origin: "chrome-extension://x"
            )
        }
        let client = try #require(try await registry.client(withID: "old"))
        #expect(client.program == "/usr/bin/chromium")
        #expect(client.origin == "chrome-extension://x")
        #expect(client.fingerprint == key.fingerprint)
    }

    @Test func `the last use is written down once a day`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let registry = fixture.registry
        let use: @Sendable (UInt64) async throws -> Void = { seconds in
            fixture.clock.update { $0 = seconds }
            _ = await registry.verify(id: "firefox", signature: try signature(key), changes: false)
        }
        try await use(1_700_000_000)
        try await fixture.settle("the note") {
            try await fixture.attribute("last-used", of: "firefox") != nil
        }
        try await use(1_700_000_060)
        #expect(try await registry.list().first?.lastUsed == 1_700_000_060)
        try await use(1_700_090_000)
        try await fixture.settle("the next day's note") {
            try await fixture.attribute("last-used", of: "firefox") == "1700090000"
        }
    }

    @Test func `what isn't a key of ours is passed over`() async throws {
        let fixture = try await RegistryFixture()
        try await fixture.session.storeOutside(
            "broken",
            ["xdg:schema": RegistryFixture.schema, "id": "broken"],
            secret: "no key"
        )
        try await fixture.session.storeOutside(
            "nameless",
            ["xdg:schema": RegistryFixture.schema],
            secret: "AAAAAAAAAAAAAAAAAAAAAA=="
        )
        #expect(try await fixture.registry.list().isEmpty)
        try await fixture.register()
        #expect(try await fixture.registry.list().count == 1)
    }
}

extension Result<Void, ClientError> {
    fileprivate var isTaken: Bool {
        if case .failure(.taken) = self { true } else { false }
    }
}
