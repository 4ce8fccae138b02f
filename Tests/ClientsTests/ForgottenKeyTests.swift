// SPDX-License-Identifier: Apache-2.0

import Clients
import ConcurrencyTools
import Foundation
import KeePassHTTP
import SecretService
import TestSupport
import Testing

/// What was revoked, or couldn't be stored as its client was told, and the keyring still has or gets after all: it lets nobody in.
@Suite(.timeLimit(.minutes(2))) struct ForgottenKeyTests {
    private let provider: RefusingProvider
    private let folder: TemporaryFolder
    private let key = ClientKey.random()

    init() async throws {
        provider = try await RefusingProvider(over: try await KeyringSession())
        folder = try TemporaryFolder()
    }

    /// A registry, as a daemon has it; without retries it tries again only when the keyring changes.
    private func registry(tryingAgain: Bool = false) async throws -> ClientRegistry {
        ClientRegistry(
            keyring: try await provider.keyring(),
            folder: folder.path("state"),
            logger: quiet,
            retries: tryingAgain ? [.milliseconds(20)] : [],
            pause: .milliseconds(100)
        )
    }

    private func register(
        _ key: ClientKey,
        _ id: String = "firefox",
        replacing former: ClientKey? = nil,
        in registry: ClientRegistry
    ) async throws {
        try await registry.register(
            id: id,
            key: key,
            program: "",
            origin: nil,
            database: "",
            replacing: former?.fingerprint
        )
    }

    private func items() async throws -> [KeyringItem] {
        try await provider.keyring().items(schema: ClientRegistry.schema)
    }

    private func waitUntilDeleted() async throws {
        try await withDeadline(.seconds(20)) { [self] in
            while try await !items().isEmpty { await Task.yield() }
        }
    }

    private func verdict(on key: ClientKey, _ id: String = "firefox", in registry: ClientRegistry)
        async throws
        -> String
    {
        await registry.verify(id: id, signature: try signature(key), changes: false).verdict
    }

    /// A keyring that hangs does it after Keybell has given up waiting, and told the client so.
    @Test func `a key that is stored although that failed lets nobody in, and is deleted`() async throws {
        let first = try await registry()
        provider.failing.update { $0 = "Delete" }
        provider.failingAfterwards.update { $0 = "CreateItem" }
        await #expect(throws: ClientError.self) { try await register(key, in: first) }
        provider.failingAfterwards.update { $0 = nil }
        #expect(try await items().count == 1)
        #expect(try await verdict(on: key, in: first) == "refused")
        #expect(try await first.list().isEmpty)
        #expect(await first.staysRevoked())
        // As it is after a crash.
        let second = try await registry(tryingAgain: true)
        #expect(try await verdict(on: key, in: second) == "refused")
        #expect(try await items().count == 1)
        provider.failing.update { $0 = nil }
        try await waitUntilDeleted()
        // Once the person lets it in it counts.
        try await register(key, in: second)
        #expect(try await verdict(on: key, in: second) == "verified firefox")
        #expect(await second.staysRevoked())
        #expect(try await verdict(on: key, in: try registry()) == "verified firefox")
    }

    /// As of what is killed at that moment.
    @Test func `the state folder has it that a key doesn't count before the keyring has been told of it`()
        async throws
    {
        let registry = try await registry()
        provider.holding.update { $0 = "CreateItem" }
        let registering = Task { try await register(key, in: registry) }
        try await provider.calls.wait(for: "the store") { $0["CreateItem"].map { _ in } }
        #expect(try revoked().contains(key.fingerprint))
        provider.holding.update { $0 = nil }
        try await registering.value
        #expect(try !revoked().contains(key.fingerprint))
        #expect(try await verdict(on: key, in: registry) == "verified firefox")
        #expect(try await verdict(on: key, in: try self.registry()) == "verified firefox")
    }

    @Test func `the keyring isn't told of a key while the state folder can't keep that it doesn't count`()
        async throws
    {
        let registry = try await registry()
        try folder.makeFolder(blocked)
        let error = await #expect(throws: ClientError.self) { try await register(key, in: registry) }
        #expect(error?.advice.contains(folder.path("state/revoked.json")) == true)
        #expect(provider.calls.now["CreateItem"] == nil)
        try FileManager.default.removeItem(atPath: folder.path(blocked))
        try await register(key, in: registry)
        #expect(try await verdict(on: key, in: registry) == "verified firefox")
    }

    @Test
    func `a key that is stored and can't be confirmed in the state folder lets nobody in, and is deleted`()
        async throws
    {
        let first = try await registry()
        provider.holding.update { $0 = "CreateItem" }
        let registering = Task { try await register(key, in: first) }
        try await provider.calls.wait(for: "the store") { $0["CreateItem"].map { _ in } }
        try folder.makeFolder(blocked)
        provider.holding.update { $0 = nil }
        await #expect(throws: ClientError.self) { try await registering.value }
        #expect(try await items().count == 1)
        #expect(try await verdict(on: key, in: first) == "refused")
        let second = try await registry(tryingAgain: true)
        #expect(try await verdict(on: key, in: second) == "refused")
        try await waitUntilDeleted()
    }

    /// What is written has this name first, and can't replace a folder.
    private var blocked: String { "state/revoked.json.new-\(getpid())" }

    private func revoked() throws -> String {
        try String(contentsOfFile: folder.path("state/revoked.json"), encoding: .utf8)
    }

    @Test func `a key that came late under one Id is let in under another`()
        async throws
    {
        let registry = try await registry()
        provider.failing.update { $0 = "Delete" }
        provider.failingAfterwards.update { $0 = "CreateItem" }
        await #expect(throws: ClientError.self) { try await register(key, in: registry) }
        provider.failingAfterwards.update { $0 = nil }
        // Under another Id it is another client.
        try await register(key, "other", in: registry)
        #expect(try await verdict(on: key, "other", in: registry) == "verified other")
        #expect(try await verdict(on: key, in: registry) == "refused")
    }

    /// The provider lets nobody change attributes; the secret comes before.
    @Test func `a key that replaces another one by half lets nobody in`() async throws {
        let registry = try await registry()
        let former = ClientKey.random()
        try await register(former, in: registry)
        provider.failing.update { $0 = "Delete" }
        await #expect(throws: ClientError.self) { try await register(key, replacing: former, in: registry) }
        #expect(try await verdict(on: key, in: registry) == "refused")
        #expect(try await registry.list().isEmpty)
    }

    @Test func `a key that couldn't be stored once more is still let in`() async throws {
        let registry = try await registry()
        try await register(key, in: registry)
        await #expect(throws: ClientError.self) { try await register(key, in: registry) }
        #expect(try await verdict(on: key, in: registry) == "verified firefox")
    }

    @Test func `a client that is revoked is refused, though its key can't be deleted, and after a restart`()
        async throws
    {
        let first = try await registry()
        try await register(key, in: first)
        provider.failing.update { $0 = "Delete" }
        await #expect(throws: ClientError.self) { try await first.revoke("firefox") }
        #expect(try await verdict(on: key, in: first) == "refused")
        #expect(try await first.list().isEmpty)
        #expect(await first.isBeingDeleted("firefox"))
        #expect(await first.staysRevoked())
        let second = try await registry(tryingAgain: true)
        #expect(try await verdict(on: key, in: second) == "refused")
        // They can try it themselves.
        await #expect(throws: ClientError.keyring(.failed("told to fail"))) {
            try await second.revoke("firefox")
        }
        provider.failing.update { $0 = nil }
        try await waitUntilDeleted()
        try await withDeadline(.seconds(20)) {
            while await second.isBeingDeleted("firefox") { await Task.yield() }
        }
        await #expect(throws: ClientError.unknown("firefox")) { try await second.revoke("firefox") }
    }

    @Test func `a client that is revoked is refused while the keyring hangs, and others aren't`() async throws
    {
        let registry = try await registry()
        let other = ClientKey.random()
        try await register(key, in: registry)
        try await register(other, "other", in: registry)
        #expect(try await verdict(on: key, in: registry) == "verified firefox")
        provider.holding.update { $0 = "SearchItems" }
        let calls = provider.calls.now["SearchItems"] ?? 0
        let revoking = Task { try await registry.revoke("firefox") }
        try await provider.calls.wait(for: "the search") { $0["SearchItems"] ?? 0 > calls ? () : nil }
        #expect(try await verdict(on: other, "other", in: registry) == "verified other")
        #expect(await registry.lastKnown("firefox") == nil)
        provider.holding.update { $0 = nil }
        try await revoking.value
        #expect(try await verdict(on: key, in: registry) == "refused")
    }

    @Test func `a key that is let in after its client was revoked in vain counts, also after a restart`()
        async throws
    {
        let first = try await registry()
        try await register(key, "other", in: first)
        provider.failing.update { $0 = "Delete" }
        await #expect(throws: ClientError.self) { try await first.revoke("other") }
        provider.failing.update { $0 = nil }
        try await first.revoke("other")
        try await register(key, "other", in: first)
        #expect(try await verdict(on: key, "other", in: first) == "verified other")
        #expect(await first.staysRevoked())
        #expect(try await verdict(on: key, "other", in: try registry()) == "verified other")
    }

    @Test(arguments: [nil, "{", #"{"format": 2, "keys": []}"#])
    func `nobody is let in before it is known who is revoked`(damage: String?) async throws {
        try await register(key, in: try registry())
        let file = folder.path("state/revoked.json")
        // It is there only if there was something to be kept.
        try? FileManager.default.removeItem(atPath: file)
        if let damage {
            try folder.makeFolder("state")
            try folder.write("state/revoked.json", damage)
        } else {
            try folder.makeFolder("state/revoked.json")
        }
        let registry = try await registry()
        let error = await #expect(throws: ClientError.self) { try await registry.list() }
        #expect(error?.advice.contains(file) == true)
        #expect(error?.publicAdvice.contains(file) == false)
        #expect(ClientRegistry.trouble(in: folder.path("state"))?.contains(file) == true)
        guard
            case .keyringUnavailable = await registry.verify(
                id: "firefox",
                signature: try signature(key),
                changes: false
            )
        else {
            Issue.record("it was let in, or refused for good")
            return
        }
        try FileManager.default.removeItem(atPath: file)
        #expect(try await verdict(on: key, in: registry) == "verified firefox")
    }
}
