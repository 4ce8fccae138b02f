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

    private static func fixture(rules: (inout ClientRules) -> Void = { _ in }) async -> OperationsFixture {
        let fixture = await OperationsFixture(rules: rules)
        await fixture.vault.put(.at("https://a.example/", "a"))
        return fixture
    }

    private static func isEmpty(_ exchange: Exchange, in fixture: OperationsFixture) async -> Bool {
        let saves = await fixture.vault.saves
        return exchange.reply.error == "Couldn't verify request" && exchange.reply.entries.isEmpty
            && saves.isEmpty
    }

    @Test(arguments: requests.indices) func `an allow for it counts no more`(index: Int) async throws {
        let (type, fields) = Self.requests[index]
        for scope in [GrantScope.once, .always] where scope == .once || type == .getLogins {
            let fixture = await Self.fixture()
            var events = fixture.approvals.events().makeAsyncIterator()
            let pending = fixture.sending(fixture.client, try fixture.client.request(type, fields))
            let question = try await fixture.next(&events)
            await fixture.clients.revoke(fixture.client)
            try await fixture.allow(question, Choices(scope: scope))
            #expect(await Self.isEmpty(try await pending.value, in: fixture))
            #expect(await fixture.vault.openedSecrets == 0)
            #expect(await fixture.grants.grants.isEmpty)
        }
    }

    @Test func `a question that is withdrawn because of it says so`() async throws {
        let fixture = await Self.fixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let pending = fixture.sending(fixture.client, try fixture.client.request(.getAllLogins))
        _ = try await fixture.next(&events)
        await fixture.clients.revoke(fixture.client)
        await fixture.approvals.end(.key(fixture.client.key.fingerprint))
        #expect(await Self.isEmpty(try await pending.value, in: fixture))
    }

    @Test(arguments: requests.indices)
    func `an unlock that it has waited for lets nothing out that isn't asked about`(index: Int) async throws {
        let (type, fields) = Self.requests[index]
        let fixture = await Self.fixture {
            ($0.access, $0.bulkAccess, $0.saving) = (.never, .never, .never)
        }
        await fixture.vault.lock()
        var events = fixture.approvals.events().makeAsyncIterator()
        let pending = fixture.sending(
            fixture.client,
            try fixture.client.request(type, fields, triggerUnlock: true)
        )
        let question = try await fixture.next(&events)
        #expect(question.kind == .unlock)
        await fixture.clients.revoke(fixture.client)
        try await fixture.allow(question)
        #expect(await Self.isEmpty(try await pending.value, in: fixture))
        #expect(await fixture.vault.openedSecrets == 0)
    }

    @Test(arguments: requests.indices)
    func `what needs no question is held back, too, when the key goes while it is made`(index: Int)
        async throws
    {
        let (type, fields) = Self.requests[index]
        // Without passwords nothing is read for these.
        let fixture = await Self.fixture {
            ($0.access, $0.bulkAccess, $0.saving) = (.never, .never, .never)
            $0.passwordsInGetAllLogins = true
        }
        await fixture.vault.meanwhile { [clients = fixture.clients, client = fixture.client] in
            await clients.revoke(client)
        }
        let exchange = try await fixture.verified(fixture.client, fixture.client.request(type, fields))
        #expect(await Self.isEmpty(exchange, in: fixture))
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `what is meant for a session isn't kept in the next`() async throws {
        for scope in [GrantScope.session, .always] {
            let fixture = await Self.fixture()
            var events = fixture.approvals.events().makeAsyncIterator()
            let (type, fields) = Self.requests[0]
            let pending = fixture.sending(fixture.client, try fixture.client.request(type, fields))
            let question = try await fixture.next(&events)
            // While the key is looked up after the answer, everything is locked.
            await fixture.clients.meanwhile { [grants = fixture.grants] in await grants.endSessions() }
            let effect = try await fixture.approvals.answer(
                code: question.code,
                decision: .allow,
                choices: Choices(scope: scope),
                through: .notifier
            )
            _ = try await pending.value
            #expect(await fixture.grants.grants.map(\.isForSession) == (scope == .session ? [] : [false]))
            if case .notKept = effect {
                #expect(scope == .session)
            } else {
                #expect(scope == .always)
            }
        }
    }

    @Test func `while the keyring is locked nobody can tell, so that nothing goes out`() async throws {
        let fixture = await Self.fixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let pending = fixture.sending(fixture.client, try fixture.client.request(.getAllLogins))
        let question = try await fixture.next(&events)
        await fixture.clients.lock()
        try await fixture.allow(question)
        let exchange = try await pending.value
        #expect(exchange.status == 503 && exchange.reply.entries.isEmpty)
    }
}
