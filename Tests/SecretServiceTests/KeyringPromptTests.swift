// SPDX-License-Identifier: Apache-2.0

import DBus
import SecretService
import SecureMemory
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct KeyringPromptTests {
    @Test func `an unlock whose end is told before the prompt's own answer is not missed`() async throws {
        let bus = try await PrivateBus()
        let provider = try await FakeProvider(on: bus, prompt: .unlocksAtOnce)
        let keyring = try await KeyringFixture.keyring(on: bus)
        #expect(await keyring.state() == .locked)
        try await keyring.unlock()
        #expect(await keyring.state() == .unlocked)
        #expect(provider.calls.now.filter { $0 == "Prompt" }.count == 1)
    }

    @Test func `an open collection is unlocked without a prompt`() async throws {
        let bus = try await PrivateBus()
        let provider = try await FakeProvider(on: bus, isLocked: false)
        try await KeyringFixture.keyring(on: bus).unlock()
        #expect(!provider.calls.now.contains("Unlock"))
    }

    @Test func `a prompt that the person closes is dismissed`() async throws {
        let bus = try await PrivateBus()
        let provider = try await FakeProvider(on: bus, prompt: .dismissed)
        let keyring = try await KeyringFixture.keyring(on: bus)
        await #expect(throws: KeyringError.dismissed) { try await keyring.unlock() }
        #expect(await keyring.state() == .locked)
        #expect(provider.calls.now.contains("Prompt"))
    }

    @Test func `a prompt that nobody answers ends at the deadline and is taken away`() async throws {
        let bus = try await PrivateBus()
        let provider = try await FakeProvider(on: bus, prompt: .never)
        let keyring = try await KeyringFixture.keyring(on: bus)
        await #expect(throws: KeyringError.deadline) { try await keyring.unlock(prompt: .milliseconds(100)) }
        try await provider.calls.wait(for: "Dismiss") { $0.contains("Dismiss") ? () : nil }
    }

    @Test func `what the person hasn't asked to delete stays where the provider would ask about it`()
        async throws
    {
        let bus = try await PrivateBus()
        let provider = try await FakeProvider(on: bus, isLocked: false, prompt: .never)
        let keyring = try await KeyringFixture.keyring(on: bus)
        let item = KeyringItem(
            path: FakeProvider.item.text,
            schema: "",
            label: "",
            attributes: [:],
            created: 0
        )
        await #expect(throws: KeyringError.dismissed) { try await keyring.delete(item, mayAsk: false) }
        try await provider.calls.wait(for: "Dismiss") { $0.contains("Dismiss") ? () : nil }
        #expect(!provider.calls.now.contains("Prompt"))
    }

    @Test func `a provider that leaves while it prompts ends the wait`() async throws {
        let bus = try await PrivateBus()
        let provider = try await FakeProvider(on: bus, prompt: .providerLeaves)
        let keyring = try await KeyringFixture.keyring(on: bus)
        await #expect(throws: KeyringError.noProvider) { try await keyring.unlock() }
        withExtendedLifetime(provider) {}
    }

    @Test func `two who unlock at once wait for one prompt`() async throws {
        let bus = try await PrivateBus()
        let provider = try await FakeProvider(on: bus, prompt: .unlocksAtOnce)
        let keyring = try await KeyringFixture.keyring(on: bus)
        async let first: Void = keyring.unlock()
        async let second: Void = keyring.unlock()
        try await first
        try await second
        #expect(provider.calls.now.filter { $0 == "Prompt" }.count == 1)
    }

    @Test func `nothing but unlock raises a prompt, and nothing makes a collection`() async throws {
        let bus = try await PrivateBus()
        let provider = try await FakeProvider(on: bus, prompt: .never)
        let keyring = try await KeyringFixture.keyring(on: bus)
        await #expect(throws: KeyringError.locked) { try await keyring.items(schema: "x") }
        await #expect(throws: KeyringError.locked) {
            try await keyring.store(schema: "x", label: "x", attributes: [:], secret: SecretBytes(utf8: "x"))
        }
        _ = await keyring.doctor()
        let forbidden: Set = ["Unlock", "Prompt", "CreateCollection", "CreateItem"]
        #expect(forbidden.isDisjoint(with: provider.calls.now))
    }

    @Test func `a provider that never answers is given up at the deadline`() async throws {
        let bus = try await PrivateBus()
        let provider = try await FakeProvider(on: bus, locked: .silence)
        let keyring = try await KeyringFixture.keyring(on: bus, deadline: .seconds(3))
        await #expect(throws: KeyringError.deadline) { try await keyring.items(schema: "x") }
        withExtendedLifetime(provider) {}
    }

    @Test func `a session that never opens is cancelled at the deadline`() async throws {
        let bus = try await PrivateBus()
        let provider = try await FakeProvider(on: bus, isLocked: false, session: .silence)
        let keyring = try await KeyringFixture.keyring(on: bus, deadline: .seconds(3))
        await #expect(throws: KeyringError.deadline) {
            try await keyring.store(schema: "x", label: "x", attributes: [:], secret: SecretBytes(utf8: "x"))
        }
        #expect(provider.calls.now.contains("OpenSession"))
    }

    @Test func `a provider that prompts for a new item is prompted by the one who made it`() async throws {
        let bus = try await PrivateBus()
        let provider = try await FakeProvider(on: bus, isLocked: false, prompt: .dismissed)
        let keyring = try await KeyringFixture.keyring(on: bus)
        await #expect(throws: KeyringError.dismissed) {
            try await keyring.store(schema: "x", label: "x", attributes: [:], secret: SecretBytes(utf8: "x"))
        }
        #expect(provider.calls.now.suffix(2) == ["CreateItem", "Prompt"])
    }

    @Test func `an alias that points nowhere is no collection`() async throws {
        let bus = try await PrivateBus()
        let provider = try await FakeProvider(on: bus, alias: "/")
        let keyring = try await KeyringFixture.keyring(on: bus)
        #expect(await keyring.state() == .noCollection)
        await #expect(throws: KeyringError.noDefaultCollection) { try await keyring.items(schema: "x") }
        #expect(!provider.calls.now.contains("CreateCollection"))
    }

    @Test func `a real keyring whose prompt nobody can show ends with an error, and stays locked`()
        async throws
    {
        let fixture = try await KeyringFixture()
        try await fixture.store()
        try await fixture.session.gnome.lock()
        await #expect(throws: KeyringError.noDisplay) {
            try await fixture.keyring.unlock(prompt: .seconds(10))
        }
        #expect(await fixture.keyring.state() == .locked)
    }
}
