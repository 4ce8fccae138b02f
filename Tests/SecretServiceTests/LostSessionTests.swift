// SPDX-License-Identifier: Apache-2.0

import DBus
import SecureMemory
import TestSupport
import Testing

@testable import SecretService

/// A session that the provider doesn't know any more, which KWallet tells by other errors' names.
@Suite struct LostSessionTests {
    @Test func `each call is made again in a new session`() async throws {
        let bus = try await PrivateBus()
        let provider = try await SessionLosingProvider(on: bus)
        let owner = provider.connection.uniqueName
        let library = SecretLibrary(address: bus.address, deadline: .seconds(10))
        let secret = SecretBytes(utf8: "a")

        provider.lose(2)
        let made = try await library.create(
            in: SessionLosingProvider.collection,
            of: owner,
            label: "A label",
            attributes: ["id": "one"],
            secret: secret
        )
        #expect(made.item == SessionLosingProvider.item)
        provider.lose(1)
        try await library.setSecret(secret, of: made.item, from: owner)
        provider.lose(1)
        #expect(try await library.secrets(of: [made.item], from: owner) == [made.item: secret])
        #expect(
            provider.calls.now == [
                "OpenSession", "CreateItem", "OpenSession", "CreateItem", "OpenSession", "CreateItem",
                "SetSecret", "OpenSession", "SetSecret", "GetSecrets", "OpenSession", "GetSecrets",
            ]
        )
    }

    @Test func `one that is lost each time is told as such`() async throws {
        let bus = try await PrivateBus()
        let provider = try await SessionLosingProvider(on: bus)
        let owner = provider.connection.uniqueName
        let library = SecretLibrary(address: bus.address, deadline: .seconds(10))
        provider.lose(.max)
        await #expect(throws: KeyringError.noSession) {
            try await library.setSecret(SecretBytes(utf8: "a"), of: SessionLosingProvider.item, from: owner)
        }
    }

    @Test func `who has waited behind a call that is never answered makes none in vain`() async throws {
        let bus = try await PrivateBus()
        let provider = try await FakeProvider(on: bus, isLocked: false, session: .silence)
        let library = SecretLibrary(address: bus.address, deadline: .seconds(3))
        let (owner, asked) = (provider.connection.uniqueName, ContinuousClock.now)
        let all = (0..<20).map { _ in
            Task { try await library.secrets(of: [FakeProvider.item.text], from: owner, asked: asked) }
        }
        for task in all { await #expect(throws: KeyringError.deadline) { try await task.value } }
        #expect(provider.calls.now == ["OpenSession"])
        // Whoever asks later tries again.
        await #expect(throws: KeyringError.deadline) {
            try await library.secrets(of: [FakeProvider.item.text], from: owner)
        }
        #expect(provider.calls.now == ["OpenSession", "OpenSession"])
    }

    @Test func `who has waited behind another provider's silence has all of its time`() async throws {
        let bus = try await PrivateBus()
        let silent = try await FakeProvider(on: bus, isLocked: false, session: .silence)
        let good = try await SessionLosingProvider(on: bus)
        let library = SecretLibrary(address: bus.address, deadline: .seconds(3))
        let asked = ContinuousClock.now
        await #expect(throws: KeyringError.deadline) {
            try await library.secrets(
                of: [FakeProvider.item.text],
                from: silent.connection.uniqueName,
                asked: asked
            )
        }
        let item = SessionLosingProvider.item
        let found = try await library.secrets(of: [item], from: good.connection.uniqueName, asked: asked)
        #expect(found == [item: SecretBytes(utf8: "a")])
    }

    @Test(arguments: ["UnknownObject", "InvalidObjectPath"])
    func `KWallet's own words are understood`(name: String) {
        let name = "org.freedesktop.DBus.Error." + name
        let message = "Can't find session /org/freedesktop/secrets/session/7"
        #expect(KeyringError(busError: name, message: message) == .noSession)
        #expect(KeyringError(busError: name, message: "Can't find it") != .noSession)
    }
}
