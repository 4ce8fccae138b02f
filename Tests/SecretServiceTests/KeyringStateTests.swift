// SPDX-License-Identifier: Apache-2.0

import DBus
import SecretService
import SecureMemory
import TestSupport
import Testing

@Suite struct KeyringStateTests {
    @Test func `a locked collection is locked, never empty`() async throws {
        let fixture = try await KeyringFixture()
        let item = try await fixture.store()
        try await fixture.session.gnome.lock()
        #expect(await fixture.keyring.state() == .locked)
        await #expect(throws: KeyringError.locked) {
            try await fixture.keyring.items(schema: KeyringFixture.schema, attributes: ["id": "one"])
        }
        await #expect(throws: KeyringError.locked) {
            try await fixture.keyring.items(schema: "org.example.None")
        }
        await #expect(throws: KeyringError.locked) { try await fixture.keyring.secret(of: item) }
        await #expect(throws: KeyringError.locked) { try await fixture.keyring.item(at: item.path) }
        await #expect(throws: KeyringError.locked) { try await fixture.store() }
        await #expect(throws: KeyringError.locked) { try await fixture.keyring.change(item, label: "x") }
        await #expect(throws: KeyringError.locked) { try await fixture.keyring.delete(item) }
    }

    @Test func `without a provider everything says so`() async throws {
        let bus = try await PrivateBus()
        let keyring = try await KeyringFixture.keyring(on: bus)
        #expect(await keyring.state() == .noProvider)
        await #expect(throws: KeyringError.noProvider) { try await keyring.items(schema: "x") }
        await #expect(throws: KeyringError.noProvider) { try await keyring.unlock() }
        #expect(await keyring.doctor().error == .noProvider)
    }

    @Test func `a keyring without a default collection is told from one without items, and none is made`()
        async throws
    {
        let bus = try await PrivateBus()
        let daemon = try ChildProcess(
            "gnome-keyring-daemon",
            ["--components=secrets", "--foreground"],
            environment: bus.environment
        )
        _ = try await bus.owner(of: "org.freedesktop.secrets")
        let keyring = try await KeyringFixture.keyring(on: bus)
        #expect(await keyring.state() == .noCollection)
        await #expect(throws: KeyringError.noDefaultCollection) { try await keyring.items(schema: "x") }
        await #expect(throws: KeyringError.noDefaultCollection) { try await keyring.unlock() }
        await #expect(throws: KeyringError.noDefaultCollection) {
            try await keyring.store(schema: "x", label: "x", attributes: [:], secret: SecretBytes(utf8: "x"))
        }
        #expect(await keyring.state() == .noCollection)
        daemon.kill()
    }

    @Test(arguments: ["default", "login", "Login", "/org/freedesktop/secrets/collection/login"])
    func `a collection is found by alias, name, label or path`(name: String) async throws {
        let session = try await KeyringSession()
        let keyring = try await KeyringFixture.keyring(on: session.bus, collection: name)
        #expect(await keyring.state() == .unlocked)
    }

    @Test func `a collection that there isn't is no collection`() async throws {
        let session = try await KeyringSession()
        let keyring = try await KeyringFixture.keyring(on: session.bus, collection: "nowhere")
        #expect(await keyring.state() == .noCollection)
    }

    @Test func `the doctor names provider and collection`() async throws {
        let fixture = try await KeyringFixture()
        let report = await fixture.keyring.doctor()
        #expect(report.state == .unlocked)
        #expect(report.pid == fixture.session.gnome.pid)
        #expect(report.executable?.hasSuffix("/gnome-keyring-daemon") ?? false)
        #expect(report.collection == "/org/freedesktop/secrets/collection/login")
        #expect(report.label == "Login")
        #expect(report.error == nil)
    }

    @Test func `changes from outside are told`() async throws {
        let fixture = try await KeyringFixture()
        let log = EventLog(fixture.keyring)
        defer { log.stop() }
        #expect(await fixture.keyring.state() == .unlocked)
        try await fixture.session.storeOutside("x", ["xdg:schema": KeyringFixture.schema], secret: "x")
        let item = try #require(try await fixture.keyring.items(schema: KeyringFixture.schema).first)
        try await log.wait(for: .itemsChanged(path: item.path))
        try await fixture.session.gnome.lock()
        try await log.wait(for: .locked)
    }

    @Test func `a deletion from outside is told`() async throws {
        let fixture = try await KeyringFixture()
        let item = try await fixture.store()
        let log = EventLog(fixture.keyring)
        defer { log.stop() }
        try await fixture.session.secretTool(["clear", "id", "one"])
        try await log.wait(for: .itemsChanged(path: item.path))
        #expect(try await fixture.keyring.item(at: item.path) == nil)
    }

    @Test func `a provider that dies and comes back serves again`() async throws {
        let fixture = try await KeyringFixture()
        let log = EventLog(fixture.keyring)
        defer { log.stop() }
        try await fixture.store(secret: "kept")
        try await fixture.session.gnome.stop()
        try await log.wait(for: .providerLeft)
        #expect(await fixture.keyring.state() == .noProvider)
        await #expect(throws: KeyringError.noProvider) {
            try await fixture.keyring.items(schema: KeyringFixture.schema)
        }
        let second = try await GnomeKeyring(on: fixture.session.bus)
        try await log.wait(for: .providerAppeared)
        let item = try #require(try await fixture.keyring.items(schema: KeyringFixture.schema).first)
        #expect(try await fixture.keyring.secret(of: item) == SecretBytes(utf8: "kept"))
        try await second.stop()
    }

    @Test func `a provider without encrypted sessions is given no secret and asked for none`() async throws {
        let bus = try await PrivateBus()
        let provider = try await FakeProvider(on: bus, isLocked: false, isEncrypted: false)
        let keyring = try await KeyringFixture.keyring(on: bus)
        await #expect(throws: KeyringError.unencrypted) {
            try await keyring.store(schema: "x", label: "x", attributes: [:], secret: SecretBytes(utf8: "x"))
        }
        #expect(!provider.calls.now.contains("CreateItem"))
        let report = await keyring.doctor()
        #expect(report.isUnencrypted && report.state == .unlocked)
    }

    @Test func `a provider's encrypted session is taken for one`() async throws {
        let fixture = try await KeyringFixture()
        let item = try await fixture.store()
        #expect(try await fixture.keyring.secret(of: item) == SecretBytes(utf8: "secret"))
        #expect(await !fixture.keyring.doctor().isUnencrypted)
    }

    @Test func `every error has advice`() {
        let errors: [KeyringError] = [
            .noProvider, .noDefaultCollection, .locked, .deadline, .dismissed, .notFound, .itemLocked,
            .noSession, .unencrypted, .forgottenUnknown("why"), .forgottenUnwritable("file"),
            .failed("why"),
        ]
        #expect(Set(errors.map(\.advice)).count == errors.count)
        #expect(errors.allSatisfy { $0.advice.hasSuffix(".") || $0 == .failed("why") })
    }
}
