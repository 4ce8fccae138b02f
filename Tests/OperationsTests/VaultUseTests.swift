// SPDX-License-Identifier: Apache-2.0

import Approval
import KeePassHTTP
import TestSupport
import Testing
import Vault

@testable import Operations

/// What counts as a use, so that vaults aren't locked for being left alone.
@Suite(.timeLimit(.minutes(1))) struct VaultUseTests {
    @Test func `only what something allows counts as a use`() async throws {
        let uses = Observed(0)
        var fixture = await OperationsFixture()
        fixture.change { $0.used = { uses.update { $0 += 1 } } }
        await fixture.vault.put(Login.at("https://a.example/", "Example"))
        let client = fixture.client

        _ = try await fixture.verified(client, client.request(.getLoginsCount, ReleaseTests.page))
        _ = try await fixture.verified(client, client.request(.getLogins, ReleaseTests.page), .deny)
        _ = try await fixture.verified(client, client.request(.getLogins, ["Url": "https://b.example/"]))
        _ = try await fixture.verified(client, client.request(.setLogin, SaveNewTests.form), .deny)
        #expect(uses.now == 0)
    }

    @Test func `what goes out and what is saved counts as a use`() async throws {
        let uses = Observed(0)
        var fixture = await OperationsFixture()
        fixture.change { $0.used = { uses.update { $0 += 1 } } }
        await fixture.vault.put(Login.at("https://a.example/", "Example"))
        let client = fixture.client

        let always = PersonAnswer.allow(Choices(scope: .always))
        _ = try await fixture.verified(client, client.request(.getLogins, ReleaseTests.page), always)
        #expect(uses.now == 1)
        // By a grant.
        _ = try await fixture.verified(client, client.request(.getLogins, ReleaseTests.page))
        #expect(uses.now == 2)
        _ = try await fixture.verified(client, client.request(.setLogin, SaveNewTests.form), .allow)
        #expect(uses.now == 3)
    }
}
