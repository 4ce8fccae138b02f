// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Foundation
import KeePassHTTP
import SecretService
import TestSupport
import Testing

@testable import Clients

@Suite struct VerificationTests {
    @Test func `a registered client is verified, anybody else refused`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let registry = fixture.registry
        #expect(try await verdict(registry, "firefox", key) == "verified firefox")
        #expect(try await verdict(registry, "firefox", .random()) == "refused")
        #expect(try await verdict(registry, "chrome", key) == "refused")
        #expect(try await verdict(registry, nil, key) == "refused")
        let broken = RequestSignature(nonce: "x", verifier: "y", hmac: "z")
        #expect(await registry.verify(id: "firefox", signature: broken, changes: false).verdict == "refused")
    }

    @Test func `who has once used an Hmac is held to it, also after a restart`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        #expect(try await verdict(fixture.registry, "firefox", key, hmac: false) == "verified firefox")
        let nonce = Nonce.random()
        #expect(try await verdict(fixture.registry, "firefox", key, nonce: nonce) == "verified firefox")
        #expect(try await verdict(fixture.registry, "firefox", key, hmac: false) == "refused")
        #expect(try await verdict(fixture.registry, "firefox", key, nonce: nonce) == "refused")
        try await fixture.settle("the attribute") {
            try await fixture.attribute("hmac", of: "firefox") == "1"
        }
        let restarted = try await fixture.restarted()
        #expect(try await verdict(restarted, "firefox", key, hmac: false) == "refused")
        #expect(try await verdict(restarted, "firefox", key) == "verified firefox")
    }

    @Test func `a repeated change is refused, a repeated read of an old client is not`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let nonce = Nonce.random()
        for changes in [false, false, true] {
            let verdict = try await verdict(
                fixture.registry,
                "firefox",
                key,
                nonce: nonce,
                hmac: false,
                changes: changes
            )
            #expect(verdict == "verified firefox")
        }
        #expect(
            try await verdict(fixture.registry, "firefox", key, nonce: nonce, hmac: false, changes: true)
                == "refused"
        )
    }

    @Test func `eight requests whose fields don't decrypt use the nonce up, and no other`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let nonce = Nonce.random()
        let url = try OutgoingCipher(key: key, nonce: nonce).field("https://a.example/")
        for _ in 0..<7 {
            #expect(
                try await verdict(fixture.registry, "firefox", key, nonce: nonce, hmac: false, url: "AAAA")
                    == "refused"
            )
        }
        #expect(
            try await verdict(fixture.registry, "firefox", key, nonce: nonce, hmac: false, url: url)
                == "verified firefox"
        )
        _ = try await verdict(fixture.registry, "firefox", key, nonce: nonce, hmac: false, url: "AAAA")
        #expect(
            try await verdict(fixture.registry, "firefox", key, nonce: nonce, hmac: false, url: url)
                == "refused"
        )
        #expect(try await verdict(fixture.registry, "firefox", key, hmac: false) == "verified firefox")
        // For good, also after a restart of the daemon.
        let owner = NonceOwner(fingerprint: key.fingerprint)
        let spent = UsedNonce(nonce, of: owner, time: fixture.clock.now)
        while fixture.nonces.admit(spent, hasHmac: false, isChange: false) { await Task.yield() }
        // The file's thread does one thing after the other: once this is through, that is written.
        await fixture.nonces.flush()
        let restarted = try await fixture.restarted()
        #expect(
            try await verdict(restarted, "firefox", key, nonce: nonce, hmac: false, url: url) == "refused"
        )
    }

    @Test func `of many requests at once under one nonce no more than eight are judged`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let nonce = Nonce.random()
        let url = try OutgoingCipher(key: key, nonce: nonce).field("https://a.example/")
        _ = try await verdict(fixture.registry, "firefox", key, hmac: false)
        // A guess in 16 is right, as for somebody who tries paddings: after eight wrong ones none is told so.
        let guesses = (0..<256).map { $0 % 16 == 15 ? url : "AAAA" }
        let verified = try await withThrowingTaskGroup(of: Bool.self) { group in
            for guess in guesses {
                group.addTask {
                    try await verdict(
                        fixture.registry,
                        "firefox",
                        key,
                        nonce: nonce,
                        hmac: false,
                        url: guess
                    ) == "verified firefox"
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        // However they are ordered, those that come after the eighth failure are refused.
        #expect(verified <= 16)
        #expect(
            try await verdict(fixture.registry, "firefox", key, nonce: nonce, hmac: false, url: url)
                == "refused"
        )
    }

    @Test func `a change is refused after a restart, too`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let nonce = Nonce.random()
        #expect(
            try await verdict(fixture.registry, "firefox", key, nonce: nonce, changes: true)
                == "verified firefox"
        )
        let restarted = try await fixture.restarted()
        #expect(try await verdict(restarted, "firefox", key, nonce: nonce, changes: true) == "refused")
        #expect(try await verdict(restarted, "firefox", key, nonce: nonce) == "refused")
        #expect(try await verdict(restarted, "firefox", key, changes: true) == "verified firefox")
    }

    @Test func `a captured read of who uses Hmacs is no request any more, also after a restart`() async throws
    {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let nonce = Nonce.random()
        #expect(try await verdict(fixture.registry, "firefox", key, nonce: nonce) == "verified firefox")
        await fixture.nonces.flush()
        let restarted = try await fixture.restarted()
        for changes in [true, false] {
            #expect(
                try await verdict(restarted, "firefox", key, nonce: nonce, changes: changes) == "refused"
            )
        }
        #expect(try await verdict(restarted, "firefox", key, changes: true) == "verified firefox")
    }

    @Test func `the signature of a reply is none of a request, in any process`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        for hmac in [false, true] {
            let request = try signature(key, hmac: hmac)
            let verified = await fixture.registry.verify(id: "firefox", signature: request, changes: false)
            guard case .verified(let message, _, _) = verified else {
                Issue.record("\(verified.verdict)")
                return
            }
            let reply = try OutgoingCipher(replyingTo: message).signature()
            let restarted = try await fixture.restarted()
            for signature in [reply, RequestSignature(nonce: reply.nonce, verifier: reply.verifier)] {
                for registry in [fixture.registry, restarted] {
                    for changes in [true, false] {
                        let verdict = await registry.verify(
                            id: "firefox",
                            signature: signature,
                            changes: changes
                        ).verdict
                        #expect(verdict == "refused")
                    }
                }
            }
        }
    }

    @Test func `a key that is revoked or replaced while a request is decrypted elsewhere doesn't count`()
        async throws
    {
        let fixture = try await RegistryFixture()
        let registry = fixture.registry
        for meanwhile: @Sendable () async throws -> Void in [
            { _ = try await fixture.register() }, { try await registry.revoke("firefox") },
        ] {
            let key = try await fixture.register()
            let signed = try signature(key)
            let verdict = await registry.verify(id: "firefox", signature: signed, changes: false) { opening in
                var opened = opening.run()
                await #expect(throws: Never.self) { try await meanwhile() }
                opened.hasWaited = true
                return opened
            }.verdict
            #expect(verdict == "refused")
        }
    }

    @Test func `of requests that are decrypted elsewhere no more than eight are judged either`() async throws
    {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let nonce = Nonce.random()
        let url = try OutgoingCipher(key: key, nonce: nonce).field("https://a.example/")
        let signed = try signature(key, nonce: nonce, hmac: false)
        let (gate, opened) = AsyncStream.makeStream(of: Void.self)
        async let right = fixture.registry.verify(
            id: "firefox",
            signature: signed,
            changes: false,
            url: url
        ) { opening in
            for await _ in gate {}
            var opened = opening.run()
            opened.hasWaited = true
            return opened
        }
        for _ in 0..<8 {
            let wrong = await fixture.registry.verify(
                id: "firefox",
                signature: signed,
                changes: false,
                url: "AAAA"
            ) { opening in
                var opened = opening.run()
                opened.hasWaited = true
                return opened
            }
            #expect(wrong.verdict == "refused")
        }
        opened.finish()
        #expect(await right.verdict == "refused")
    }

    @Test func `what can't be noted down stops changes, not reads`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        try fixture.folder.makeFolder("state")
        try fixture.folder.write("state/nonces", "something else\n")
        #expect(try await verdict(fixture.registry, "firefox", key, changes: true) == "unrecordable")
        #expect(try await verdict(fixture.registry, "firefox", key) == "verified firefox")
    }

    @Test func `where there is no room for more changes that is said, and reads go on`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        var used = UsedNonces()
        let owner = NonceOwner(fingerprint: key.fingerprint)
        for _ in 0..<UsedNonces.changesPerOwner {
            let isIn = used.insert(UsedNonce(.random(), of: owner, time: fixture.clock.now), .change)
            #expect(isIn)
        }
        try fixture.folder.makeFolder("state")
        let file = URL(fileURLWithPath: fixture.folder.path("state/nonces"))
        try Data(used.encoded()).write(to: file)
        let registry = try await fixture.restarted()
        #expect(try await verdict(registry, "firefox", key, changes: true) == "too many changes")
        #expect(try await verdict(registry, "firefox", key) == "verified firefox")
        fixture.clock.update { $0 += UsedNonces.lifetime + 1 }
        #expect(try await verdict(registry, "firefox", key, changes: true) == "verified firefox")
    }

    @Test func `once loaded, verifying needs no provider`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        _ = try await verdict(fixture.registry, "firefox", key)
        try await fixture.settle("the day's note") {
            try await fixture.attribute("last-used", of: "firefox") != nil
        }
        await fixture.registry.load()
        #expect(try await verdict(fixture.registry, "nobody", key) == "refused")
        // A stopped process answers nothing, yet keeps its name.
        _ = try await ChildProcess.run("kill", ["-STOP", "\(fixture.session.gnome.pid)"])
        for _ in 0..<100 {
            #expect(try await verdict(fixture.registry, "firefox", key) == "verified firefox")
            #expect(try await verdict(fixture.registry, "nobody", key) == "refused")
        }
    }

    @Test func `a locked keyring is locked, and its keys are forgotten`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        #expect(try await verdict(fixture.registry, "firefox", key) == "verified firefox")
        try await fixture.session.gnome.lock()
        let registry = fixture.registry
        try await fixture.settle("the lock") { try await verdict(registry, "firefox", key) == "locked" }
        #expect(try await verdict(registry, "nobody", key) == "locked")
        await #expect(throws: ClientError.keyring(.locked)) { try await registry.list() }
        await #expect(throws: ClientError.keyring(.locked)) { try await fixture.register("other") }
        #expect(await registry.suggestID(from: "x") == "x")
    }

    @Test func `a provider that leaves takes the keys along, and brings them back`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let registry = fixture.registry
        #expect(try await verdict(registry, "firefox", key) == "verified firefox")
        try await fixture.session.gnome.stop()
        try await fixture.settle("its leaving") {
            try await verdict(registry, "firefox", key) == "unavailable: \(ClientError.keyring(.noProvider))"
        }
        let second = try await GnomeKeyring(on: fixture.session.bus)
        try await fixture.settle("its return") {
            try await verdict(registry, "firefox", key) == "verified firefox"
        }
        try await second.stop()
    }

    private func verdict(
        _ registry: ClientRegistry,
        _ id: String?,
        _ key: ClientKey,
        nonce: Nonce = .random(),
        hmac: Bool = true,
        changes: Bool = false,
        url: String? = nil
    ) async throws -> String {
        let signed = try signature(key, nonce: nonce, hmac: hmac)
        return await registry.verify(id: id, signature: signed, changes: changes, url: url).verdict
    }
}
