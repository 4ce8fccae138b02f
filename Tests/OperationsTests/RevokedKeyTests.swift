// SPDX-License-Identifier: Apache-2.0

import Approval
import Clients
import KeePassHTTP
import SecretService
import Testing
import Vault

@testable import Operations

/// A client that is revoked while a request of its is on its way gets no more than one that comes later.
@Suite(.timeLimit(.minutes(1))) struct RevokedKeyTests {
    static let requests: [(RequestType, KeyValuePairs<String, String>)] = [
        (.getLogins, ["Url": "https://a.example/"]), (.getAllLogins, [:]),
        (.customSearch, ["SearchString": "a"]),
        (.setLogin, ["Url": "https://b.example/", "Login": "me", "Password": "secret"]),
    ]

    private static func scene(rules: (inout ClientRules) -> Void = { _ in }) async -> Scene {
        let scene = await Scene(rules: rules)
        await scene.vault.put(.at("https://a.example/", "a"))
        return scene
    }

    private static func isEmpty(_ rung: Rung, in scene: Scene) async -> Bool {
        let saves = await scene.vault.saves
        return rung.reply.error == "Couldn't verify request" && rung.reply.entries.isEmpty && saves.isEmpty
    }

    @Test(arguments: requests.indices) func `an allow for it counts no more`(index: Int) async throws {
        let (type, fields) = Self.requests[index]
        for scope in [GrantScope.once, .always] where scope == .once || type == .getLogins {
            let scene = await Self.scene()
            var events = scene.approvals.events().makeAsyncIterator()
            let ringing = scene.ringing(scene.guest, try scene.guest.request(type, fields))
            let question = try await scene.next(&events)
            await scene.clients.revoke(scene.guest)
            try await scene.allow(question, Choices(scope: scope))
            #expect(await Self.isEmpty(try await ringing.value, in: scene))
            #expect(await scene.vault.openedSecrets == 0)
            #expect(await scene.grants.grants.isEmpty)
        }
    }

    @Test func `a question that is withdrawn because of it says so`() async throws {
        let scene = await Self.scene()
        var events = scene.approvals.events().makeAsyncIterator()
        let ringing = scene.ringing(scene.guest, try scene.guest.request(.getAllLogins))
        _ = try await scene.next(&events)
        await scene.clients.revoke(scene.guest)
        await scene.approvals.end(.key(scene.guest.key.fingerprint))
        #expect(await Self.isEmpty(try await ringing.value, in: scene))
    }

    @Test(arguments: requests.indices)
    func `an unlock that it has waited for lets nothing out that isn't asked about`(index: Int) async throws {
        let (type, fields) = Self.requests[index]
        let scene = await Self.scene {
            ($0.access, $0.bulkAccess, $0.saving) = (.never, .never, .never)
        }
        await scene.vault.lock()
        var events = scene.approvals.events().makeAsyncIterator()
        let ringing = scene.ringing(scene.guest, try scene.guest.request(type, fields, triggerUnlock: true))
        let question = try await scene.next(&events)
        #expect(question.kind == .unlock)
        await scene.clients.revoke(scene.guest)
        try await scene.allow(question)
        #expect(await Self.isEmpty(try await ringing.value, in: scene))
        #expect(await scene.vault.openedSecrets == 0)
    }

    @Test(arguments: requests.indices)
    func `what needs no question is held back, too, when the key goes while it is made`(index: Int)
        async throws
    {
        let (type, fields) = Self.requests[index]
        // Without passwords nothing is read for these.
        let scene = await Self.scene {
            ($0.access, $0.bulkAccess, $0.saving) = (.never, .never, .never)
            $0.passwordsInGetAllLogins = true
        }
        await scene.vault.meanwhile { [clients = scene.clients, guest = scene.guest] in
            await clients.revoke(guest)
        }
        let rung = try await scene.verified(scene.guest, scene.guest.request(type, fields))
        #expect(await Self.isEmpty(rung, in: scene))
        #expect(await scene.asked().isEmpty)
    }

    @Test func `what is meant for a session isn't kept in the next`() async throws {
        for scope in [GrantScope.session, .always] {
            let scene = await Self.scene()
            var events = scene.approvals.events().makeAsyncIterator()
            let (type, fields) = Self.requests[0]
            let ringing = scene.ringing(scene.guest, try scene.guest.request(type, fields))
            let question = try await scene.next(&events)
            // While the key is looked up after the answer, everything is locked.
            await scene.clients.meanwhile { [grants = scene.grants] in await grants.endSessions() }
            let effect = try await scene.approvals.answer(
                code: question.code,
                decision: .allow,
                choices: Choices(scope: scope),
                through: .notifier
            )
            _ = try await ringing.value
            #expect(await scene.grants.grants.map(\.isForSession) == (scope == .session ? [] : [false]))
            if case .notKept = effect {
                #expect(scope == .session)
            } else {
                #expect(scope == .always)
            }
        }
    }

    @Test func `while the keyring is locked nobody can tell, so that nothing goes out`() async throws {
        let scene = await Self.scene()
        var events = scene.approvals.events().makeAsyncIterator()
        let ringing = scene.ringing(scene.guest, try scene.guest.request(.getAllLogins))
        let question = try await scene.next(&events)
        await scene.clients.lock()
        try await scene.allow(question)
        let rung = try await ringing.value
        #expect(rung.status == 503 && rung.reply.entries.isEmpty)
    }
}
