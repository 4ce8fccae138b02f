// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Callers
import Clients
import KeePassHTTP
import Testing
import Vault

@testable import Operations

/// What lets logins through without a question counts as it is when they go out.
@Suite(.timeLimit(.minutes(1))) struct CoverTests {
    /// A page with two logins: one is covered, about the other a question waits.
    private func fixture(
        _ change: (inout ClientRules) -> Void = { _ in },
        allow: [String] = []
    ) async -> (fixture: OperationsFixture, covered: Login) {
        let fixture = await OperationsFixture(rules: change)
        let covered = Login.at("https://a.example/", "covered", allow: allow)
        await fixture.vault.put(covered)
        await fixture.vault.put(.at("https://a.example/", "asked"))
        return (fixture, covered)
    }

    private func decide(_ fixture: OperationsFixture, _ login: Login, allows: Bool = true) async {
        let key = GrantKey(
            fingerprint: fixture.client.key.fingerprint,
            program: "/usr/bin/firefox",
            origin: nil,
            vault: "Passwords",
            kind: .release,
            host: "a.example",
            form: GrantKey.Form(scheme: "https")
        )
        await fixture.grants.remember(
            Grant(key: key, allows: allows, entries: [login.id.hex], scope: .always)
        )
    }

    private func titles(
        _ fixture: OperationsFixture,
        while change: () async throws -> Void,
        then answer: (PendingRequest) async throws -> Void
    ) async throws -> [String] {
        var events = fixture.approvals.events().makeAsyncIterator()
        let pending = fixture.sending(
            fixture.client,
            try fixture.client.request(.getLogins, ReleaseTests.page)
        )
        let question = try await fixture.next(&events)
        #expect(question.entries.map(\.title) == ["asked"])
        try await change()
        try await answer(question)
        let exchange = try await pending.value
        #expect(exchange.reply.success)
        return exchange.titles
    }

    @Test func `what is forgotten while a question waits doesn't go out, whatever its answer`() async throws {
        for allows in [true, false] {
            let (fixture, covered) = await fixture()
            await decide(fixture, covered)
            let titles = try await titles(fixture) {
                try await fixture.grants.forget(fingerprint: fixture.client.key.fingerprint)
            } then: { question in
                if allows { try await fixture.allow(question) } else { try await fixture.deny(question) }
            }
            #expect(titles == (allows ? ["asked"] : []))
            let permissions = fixture.records.all.filter { $0.event == .handedOut }.map { $0.fields[.under] }
            #expect(permissions.allSatisfy { $0?.contains("grant") == false })
        }
    }

    @Test func `what is denied for good while a question waits doesn't go out, whatever else standings it`()
        async throws
    {
        let (fixture, covered) = await fixture(allow: ["a.example"])
        let titles = try await titles(fixture) {
            await decide(fixture, covered, allows: false)
        } then: { question in
            try await fixture.allow(question)
        }
        #expect(titles == ["asked"])
    }

    @Test func `a mute that comes with the denial counts for what is covered, too`() async throws {
        for allow in [[], ["a.example"]] {
            let (fixture, covered) = await fixture(allow: allow)
            if allow.isEmpty { await decide(fixture, covered) }
            let titles = try await titles(fixture) {
            } then: { question in
                try await fixture.deny(question, Choices(muteSeconds: 300))
            }
            #expect(titles.isEmpty)
            #expect(fixture.records.all.allSatisfy { $0.event != .handedOut })
        }
    }

    @Test func `what still is granted goes out after a denial of the rest`() async throws {
        let (fixture, covered) = await fixture()
        await decide(fixture, covered)
        let titles = try await titles(fixture) {
        } then: { question in
            try await fixture.deny(question)
        }
        #expect(titles == ["covered"])
    }
}

/// With `ask = "granted"` nobody is asked, whatever the request.
@Suite(.timeLimit(.minutes(1))) struct GrantedSaveTests {
    static let rules: [@Sendable (inout ClientRules) -> Void] = [
        { $0.access = .granted },
        { rules in
            rules.access = .granted
            (rules.saving, rules.isSavingWritten) = (.never, true)
        },
    ]

    @Test(arguments: rules)
    func `a save that nothing standings is refused at once`(_ rules: @Sendable (inout ClientRules) -> Void)
        async throws
    {
        let fixture = await OperationsFixture(rules: rules)
        let other = fixture.client.from(.named("curl", 300))
        let exchange = try await fixture.verified(other, other.request(.setLogin, SaveNewTests.form))
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.error?.contains("nobody is asked") == true)
        #expect(await fixture.asked().isEmpty)
        #expect(await fixture.vault.saves.isEmpty)
    }

    @Test func `a grant standings it, and so does a rule of its own`() async throws {
        let granted = await OperationsFixture(rules: { $0.access = .granted })
        let key = GrantKey(
            fingerprint: granted.client.key.fingerprint,
            program: "/usr/bin/firefox",
            origin: nil,
            vault: "Passwords",
            kind: .create,
            host: "a.example",
            form: GrantKey.Form(scheme: "https")
        )
        await granted.grants.remember(Grant(key: key, allows: true, entries: nil, scope: .always))
        let ruled = await OperationsFixture(rules: Self.rules[1])
        for fixture in [granted, ruled] {
            let exchange = try await fixture.verified(
                fixture.client,
                fixture.client.request(.setLogin, SaveNewTests.form)
            )
            #expect(exchange.reply.success)
            #expect(await fixture.asked().isEmpty)
        }
    }

    @Test func `who wants to be asked about its saves says so`() async throws {
        let fixture = await OperationsFixture(rules: { rules in
            rules.access = .granted
            rules.isSavingWritten = true
        })
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.setLogin, SaveNewTests.form),
            .allow
        )
        #expect(exchange.reply.success)
        #expect(await fixture.asked().map(\.kind) == [.save])
    }
}
