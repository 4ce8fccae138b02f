// SPDX-License-Identifier: Apache-2.0

import Clients
import ConcurrencyTools
import SecretService
import TestSupport
import Testing

/// A keyring that fails at any step: what can't be read is unknown, what can't be stored or deleted is told.
@Suite(.timeLimit(.minutes(2))) struct GrantFailureTests {
    private static func grant(_ host: String, allows: Bool = true) -> Grant {
        let key = GrantKey(
            fingerprint: "AA:BB",
            program: "/usr/bin/firefox",
            origin: nil,
            vault: "Passwords",
            kind: .release,
            host: host
        )
        return Grant(key: key, allows: allows, entries: ["E1"], scope: .always)
    }

    private static func registry(_ provider: RefusingProvider) async throws -> GrantRegistry {
        let keyring = try await provider.keyring()
        return GrantRegistry(keyring: keyring, logger: quiet, retries: [])
    }

    // MARK: - Reading

    @Test(arguments: ["ReadAlias", "SearchItems", "OpenSession", "GetSecrets"])
    func `what can't be read is unknown, and an error, not an empty list`(step: String) async throws {
        let provider = try await RefusingProvider(over: try await KeyringSession())
        let grant = Self.grant("a.example")
        try await Self.registry(provider).remember([grant])
        let registry = try await Self.registry(provider)
        provider.failing.update { $0 = step }
        #expect(await registry.decision(on: grant.key) == .unknown)
        await #expect(throws: ClientError.self) { try await registry.all() }
        provider.failing.update { $0 = nil }
        #expect(await registry.decision(on: grant.key) == .allowed)
    }

    @Test func `a denial last known stays in force while it can't be read, an allow doesn't`() async throws {
        let provider = try await RefusingProvider(over: try await KeyringSession())
        let registry = try await Self.registry(provider)
        let (denied, allowed) = (Self.grant("a.example", allows: false), Self.grant("b.example"))
        try await registry.remember([denied, allowed])
        // A write that fails may have changed what is there: it is read again.
        provider.failing.update { $0 = "SetSecret" }
        await #expect(throws: ClientError.self) { try await registry.remember([Self.grant("c.example")]) }
        provider.failing.update { $0 = "SearchItems" }
        #expect(await registry.decision(on: denied.key) == .denied)
        #expect(await registry.decision(on: allowed.key) == .unknown)
        provider.failing.update { $0 = nil }
        #expect(await registry.decision(on: denied.key) == .denied)
        #expect(await registry.decision(on: allowed.key) == .allowed)
    }

    @Test func `an item that is locked by itself is unknown for its key alone, and isn't overwritten`()
        async throws
    {
        let provider = try await RefusingProvider(over: try await KeyringSession())
        let denied = Self.grant("a.example", allows: false)
        try await Self.registry(provider).remember([denied])
        let registry = try await Self.registry(provider)
        provider.areItemsLocked.update { $0 = true }
        #expect(await registry.decision(on: denied.key) == .unknown)
        var foreign = denied.key
        foreign.fingerprint = "CC"
        #expect(await registry.decision(on: foreign) == .undecided)
        await #expect(throws: ClientError.keyring(.itemLocked)) { try await registry.all() }
        await #expect(throws: ClientError.keyring(.itemLocked)) {
            try await registry.remember([Self.grant("b.example")])
        }
        provider.areItemsLocked.update { $0 = false }
        #expect(await (try Self.registry(provider)).decision(on: denied.key) == .denied)
    }

    @Test func `an item that holds something else is unknown, and isn't overwritten`() async throws {
        let session = try await KeyringSession()
        let provider = try await RefusingProvider(over: session)
        let attributes = ["xdg:schema": GrantRegistry.schema, "fingerprint": "AA:BB"]
        try await session.storeOutside("grants", attributes, secret: "{}")
        let registry = try await Self.registry(provider)
        #expect(await registry.decision(on: Self.grant("a.example").key) == .unknown)
        await #expect(throws: ClientError.self) { try await registry.remember([Self.grant("b.example")]) }
        #expect(try await session.lookUpOutside(attributes) == "{}")
        try await registry.forget(fingerprint: "AA:BB")
        #expect(try await session.lookUpOutside(attributes) == nil)
    }

    @Test func `a doubled item counts as a whole, and becomes one with the next decision`() async throws {
        let session = try await KeyringSession()
        let provider = try await RefusingProvider(over: session)
        let attributes = ["xdg:schema": GrantRegistry.schema, "fingerprint": "AA:BB"]
        let denied = Self.grant("a.example", allows: false)
        try await Self.registry(provider).remember([denied])
        let secret = try #require(try await session.lookUpOutside(attributes))
        let double = secret.replacing("a.example", with: "b.example")
        // With the same attributes secret-tool would replace the item.
        try await session.storeOutside("double", attributes.merging(["copy": "1"]) { $1 }, secret: double)
        let registry = try await Self.registry(provider)
        let other = Self.grant("b.example", allows: false)
        #expect(await registry.decision(on: denied.key) == .denied)
        #expect(await registry.decision(on: other.key) == .denied)
        try await registry.remember([Self.grant("c.example")])
        let again = try await Self.registry(provider)
        #expect(try await Set(again.all().map(\.key.host)) == ["a.example", "b.example", "c.example"])
        #expect(try await again.all().count == 3)
    }

    // MARK: - Storing

    /// A first grant makes the item, a second one changes it.
    @Test(arguments: ["CreateItem", "SetSecret"], [true, false])
    func `what can't be stored is told and holds for the session`(step: String, allows: Bool) async throws {
        let provider = try await RefusingProvider(over: try await KeyringSession())
        let registry = try await Self.registry(provider)
        if step == "SetSecret" { try await registry.remember([Self.grant("z.example")]) }
        provider.failing.update { $0 = step }
        let grant = Self.grant("a.example", allows: allows)
        await #expect(throws: ClientError.self) { try await registry.remember([grant]) }
        let word: GrantDecision = allows ? .allowed : .denied
        // No reading takes it away, whether it fails or not, but the end of the session does.
        provider.failing.update { $0 = "SearchItems" }
        #expect(await registry.decision(on: grant.key) == word)
        provider.failing.update { $0 = nil }
        #expect(await registry.decision(on: grant.key) == word)
        #expect(await (try Self.registry(provider)).decision(on: grant.key) == .undecided)
        let listed = try await registry.all().filter { $0.name == grant.name }
        #expect(listed.map(\.isForSession) == [true])
        await registry.endSessions()
        #expect(await registry.decision(on: grant.key) == .undecided)
    }

    @Test func `while the provider asks the person about a write, decisions go on`() async throws {
        let provider = try await RefusingProvider(over: try await KeyringSession())
        let registry = try await Self.registry(provider)
        let following = Task { await registry.run() }
        defer { following.cancel() }
        #expect(await registry.decision(on: Self.grant("a.example").key) == .undecided)
        provider.holding.update { $0 = "CreateItem" }
        let grant = Self.grant("a.example")
        let remembering = Task { try await registry.remember([grant]) }
        try await provider.calls.wait(for: "the write") { $0["CreateItem"] == nil ? nil : () }
        let searches = provider.calls.now["SearchItems"]
        try await provider.tellChange()
        while provider.calls.now["SearchItems"] == searches {
            #expect(await registry.decision(on: grant.key) == .allowed)
        }
        // What is decided now for this session ends with a lock, though the write goes on.
        var session = Self.grant("b.example")
        session.scope = .session(expires: nil)
        try await registry.remember([session])
        #expect(await registry.decision(on: session.key) == .allowed)
        await registry.endSessions()
        #expect(await registry.decision(on: session.key) == .undecided)
        provider.holding.update { $0 = nil }
        try await remembering.value
        #expect(await registry.decision(on: grant.key) == .allowed)
        #expect(await (try Self.registry(provider)).decision(on: grant.key) == .allowed)
    }

    @Test func `a grant that is forgotten while it is being stored is gone`() async throws {
        let provider = try await RefusingProvider(over: try await KeyringSession())
        let registry = try await Self.registry(provider)
        provider.holding.update { $0 = "CreateItem" }
        let grant = Self.grant("a.example")
        let remembering = Task { try await registry.remember([grant]) }
        try await provider.calls.wait(for: "the write") { $0["CreateItem"] == nil ? nil : () }
        let forgetting = Task { try await registry.forget(fingerprint: "AA:BB", name: grant.name) }
        while await registry.decision(on: grant.key) == .allowed { await Task.yield() }
        provider.holding.update { $0 = nil }
        try await remembering.value
        #expect(try await forgetting.value?.name == grant.name)
        #expect(await registry.decision(on: grant.key) == .undecided)
        #expect(await (try Self.registry(provider)).decision(on: grant.key) == .undecided)
    }

    // MARK: - Forgetting

    /// Of one grant the item is deleted, of two it is changed.
    @Test(arguments: ["Delete", "SetSecret"])
    func `a grant that the keyring keeps is told, counts no more, and goes the next time`(step: String)
        async throws
    {
        let provider = try await RefusingProvider(over: try await KeyringSession())
        let registry = try await Self.registry(provider)
        let (first, second) = (Self.grant("a.example"), Self.grant("b.example"))
        try await registry.remember(step == "SetSecret" ? [first, second] : [first])
        provider.failing.update { $0 = step }
        await #expect(throws: ClientError.self) {
            try await registry.forget(fingerprint: "AA:BB", name: first.name)
        }
        #expect(await registry.decision(on: first.key) == .undecided)
        provider.failing.update { $0 = nil }
        #expect(try await registry.forget(fingerprint: "AA:BB", name: first.name)?.name == first.name)
        #expect(await (try Self.registry(provider)).decision(on: first.key) == .undecided)
    }

    @Test func `what is decided in a session that is over by now isn't kept in the next`() async throws {
        let provider = try await RefusingProvider(over: try await KeyringSession())
        let registry = try await Self.registry(provider)
        let session = registry.session
        await registry.endSessions()
        var (word, always) = (Self.grant("a.example"), Self.grant("b.example"))
        word.scope = .session(expires: nil)
        always.scope = .always
        try await registry.remember([word, always], in: session)
        #expect(await registry.decision(on: word.key) == .undecided)
        #expect(await registry.decision(on: always.key) == .allowed)
        try await registry.remember([word], in: registry.session)
        #expect(await registry.decision(on: word.key) == .allowed)
    }

    @Test func `all of a client's grants are forgotten, and an error says if they stay in the keyring`()
        async throws
    {
        let provider = try await RefusingProvider(over: try await KeyringSession())
        let registry = try await Self.registry(provider)
        let grant = Self.grant("a.example")
        try await registry.remember([grant])
        provider.failing.update { $0 = "Delete" }
        await #expect(throws: ClientError.self) { try await registry.forget(fingerprint: "AA:BB") }
        #expect(await registry.decision(on: grant.key) == .undecided)
        #expect(try await registry.all().isEmpty)
    }
}
