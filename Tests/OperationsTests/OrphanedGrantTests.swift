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

    private static func grant(to guest: TestClient) -> Grant {
        let key = GrantKey(
            fingerprint: guest.key.fingerprint,
            program: guest.caller.program.id,
            origin: nil,
            vault: "main",
            kind: .release,
            host: "a.example"
        )
        return Grant(key: key, allows: true, entries: nil, scope: .always)
    }

    @Test func `a key whose item was deleted while nobody looked starts with nothing`() async throws {
        let scene = await Scene()
        await scene.grants.remember(Self.grant(to: newcomer))
        #expect(try await scene.verified(newcomer, newcomer.request(.associate), .allow).reply.success)
        #expect(await scene.grants.grants.isEmpty)
    }

    @Test func `where that can't be deleted the key isn't let in`() async throws {
        let scene = await Scene()
        await scene.grants.remember(Self.grant(to: newcomer))
        await scene.grants.failToForget(with: .deadline)
        let rung = try await scene.verified(newcomer, newcomer.request(.associate), .allow)
        #expect(!rung.reply.success && rung.reply.id == nil)
        #expect(rung.reply.error == KeyringError.deadline.advice)
        #expect(await scene.clients.ids() == ["firefox"])
    }

    @Test func `a key that has an Id keeps what it was granted when it gets another`() async throws {
        let scene = await Scene()
        await scene.grants.remember(Self.grant(to: scene.guest))
        let twin = TestClient(id: "other", key: scene.guest.key)
        #expect(try await scene.verified(twin, twin.request(.associate), .allow).reply.success)
        #expect(await scene.grants.grants.count == 1)
    }

    @Test func `a key that could not be replaced keeps what it was granted`() async throws {
        let scene = await Scene()
        await scene.grants.remember(Self.grant(to: scene.guest))
        await scene.clients.failToStore(with: .keyring(.deadline))
        let second = TestClient(id: "firefox", caller: .named("perl", 300))
        let rung = try await scene.verified(second, second.request(.associate), .allow, .allow)
        #expect(!rung.reply.success)
        #expect(await scene.grants.grants.count == 1)
    }

    @Test(arguments: [false, true])
    func `no key is replaced whose grants can't be deleted`(fails: Bool) async throws {
        let scene = await Scene()
        await scene.grants.remember(Self.grant(to: scene.guest))
        if fails { await scene.grants.failToForget(with: .deadline) }
        let second = TestClient(id: "firefox", caller: .named("perl", 300))
        let rung = try await scene.verified(second, second.request(.associate), .allow, .allow)
        #expect(rung.reply.success == !fails)
        let holder = fails ? scene.guest : second
        #expect(await scene.clients.client("firefox")?.fingerprint == holder.key.fingerprint)
        #expect(await scene.grants.grants.isEmpty == !fails)
    }
}
