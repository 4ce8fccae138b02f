// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import KeePassHTTP
import SecretService
import Testing
import Vault

@testable import Operations

/// What was granted to a key goes with the key: one that is let in anew starts with nothing.
@Suite(.timeLimit(.minutes(1))) struct OrphanedGrantTests {
    let newcomer = TestClient(id: "", caller: .named("chromium", 200))

    private static func grant(to client: TestClient) -> Grant {
        let key = GrantKey(
            fingerprint: client.key.fingerprint,
            program: client.caller.program.id,
            origin: nil,
            vault: "main",
            kind: .release,
            host: "a.example"
        )
        return Grant(key: key, allows: true, entries: nil, scope: .always)
    }

    @Test func `a key whose item was deleted while nobody looked starts with nothing`() async throws {
        let fixture = await OperationsFixture()
        await fixture.grants.remember(Self.grant(to: newcomer))
        #expect(try await fixture.verified(newcomer, newcomer.request(.associate), .allow).reply.success)
        #expect(await fixture.grants.grants.isEmpty)
    }

    @Test func `where that can't be deleted the key isn't let in`() async throws {
        let fixture = await OperationsFixture()
        await fixture.grants.remember(Self.grant(to: newcomer))
        await fixture.grants.failToForget(with: .deadline)
        let exchange = try await fixture.verified(newcomer, newcomer.request(.associate), .allow)
        #expect(!exchange.reply.success && exchange.reply.id == nil)
        #expect(exchange.reply.error == KeyringError.deadline.advice)
        #expect(await fixture.clients.ids() == ["firefox"])
    }

    @Test func `a key that has an Id keeps what it was granted when it gets another`() async throws {
        let fixture = await OperationsFixture()
        await fixture.grants.remember(Self.grant(to: fixture.client))
        let twin = TestClient(id: "other", key: fixture.client.key)
        #expect(try await fixture.verified(twin, twin.request(.associate), .allow).reply.success)
        #expect(await fixture.grants.grants.count == 1)
    }

    @Test func `a key that could not be replaced keeps what it was granted`() async throws {
        let fixture = await OperationsFixture()
        await fixture.grants.remember(Self.grant(to: fixture.client))
        await fixture.clients.failToStore(with: .keyring(.deadline))
        let second = TestClient(id: "firefox", caller: .named("perl", 300))
        let exchange = try await fixture.verified(second, second.request(.associate), .allow, .allow)
        #expect(!exchange.reply.success)
        #expect(await fixture.grants.grants.count == 1)
    }

    @Test(arguments: [false, true])
    func `no key is replaced whose grants can't be deleted`(fails: Bool) async throws {
        let fixture = await OperationsFixture()
        await fixture.grants.remember(Self.grant(to: fixture.client))
        if fails { await fixture.grants.failToForget(with: .deadline) }
        let second = TestClient(id: "firefox", caller: .named("perl", 300))
        let exchange = try await fixture.verified(second, second.request(.associate), .allow, .allow)
        #expect(exchange.reply.success == !fails)
        let holder = fails ? fixture.client : second
        #expect(await fixture.clients.client("firefox")?.fingerprint == holder.key.fingerprint)
        #expect(await fixture.grants.grants.isEmpty == !fails)
    }
}
