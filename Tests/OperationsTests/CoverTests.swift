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
    private func scene(
        _ change: (inout ClientRules) -> Void = { _ in },
        allow: [String] = []
    ) async -> (scene: Scene, covered: Login) {
        let scene = await Scene(rules: change)
        let covered = Login.at("https://a.example/", "covered", allow: allow)
        await scene.vault.put(covered)
        await scene.vault.put(.at("https://a.example/", "asked"))
        return (scene, covered)
    }

    private func decide(_ scene: Scene, _ login: Login, allows: Bool = true) async {
        let key = GrantKey(
            fingerprint: scene.guest.key.fingerprint,
            program: "/usr/bin/firefox",
            origin: nil,
            vault: "Passwords",
            kind: .release,
            host: "a.example",
            form: GrantKey.Form(scheme: "https")
        )
        await scene.grants.remember(Grant(key: key, allows: allows, entries: [login.id.hex], scope: .always))
    }

    private func titles(
        _ scene: Scene,
        while change: () async throws -> Void,
        then answer: (PendingRequest) async throws -> Void
    ) async throws -> [String] {
        var events = scene.approvals.events().makeAsyncIterator()
        let ringing = scene.ringing(scene.guest, try scene.guest.request(.getLogins, ReleaseTests.page))
        let question = try await scene.next(&events)
        #expect(question.entries.map(\.title) == ["asked"])
        try await change()
        try await answer(question)
        let rung = try await ringing.value
        #expect(rung.reply.success)
        return rung.titles
    }

    @Test func `what is forgotten while a question waits doesn't go out, whatever its answer`() async throws {
        for allows in [true, false] {
            let (scene, covered) = await scene()
            await decide(scene, covered)
            let titles = try await titles(scene) {
                try await scene.grants.forget(fingerprint: scene.guest.key.fingerprint)
            } then: { question in
                if allows { try await scene.allow(question) } else { try await scene.deny(question) }
            }
            #expect(titles == (allows ? ["asked"] : []))
            let bases = scene.records.all.filter { $0.event == .handedOut }.map { $0.fields[.under] }
            #expect(bases.allSatisfy { $0?.contains("grant") == false })
        }
    }

    @Test func `what is denied for good while a question waits doesn't go out, whatever else covers it`()
        async throws
    {
        let (scene, covered) = await scene(allow: ["a.example"])
        let titles = try await titles(scene) {
            await decide(scene, covered, allows: false)
        } then: { question in
            try await scene.allow(question)
        }
        #expect(titles == ["asked"])
    }

    @Test func `a mute that comes with the denial counts for what is covered, too`() async throws {
        for allow in [[], ["a.example"]] {
            let (scene, covered) = await scene(allow: allow)
            if allow.isEmpty { await decide(scene, covered) }
            let titles = try await titles(scene) {
            } then: { question in
                try await scene.deny(question, Choices(muteSeconds: 300))
            }
            #expect(titles.isEmpty)
            #expect(scene.records.all.allSatisfy { $0.event != .handedOut })
        }
    }

    @Test func `what still is granted goes out after a denial of the rest`() async throws {
        let (scene, covered) = await scene()
        await decide(scene, covered)
        let titles = try await titles(scene) {
        } then: { question in
            try await scene.deny(question)
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
    func `a save that nothing covers is refused at once`(_ rules: @Sendable (inout ClientRules) -> Void)
        async throws
    {
        let scene = await Scene(rules: rules)
        let other = scene.guest.from(.named("curl", 300))
        let rung = try await scene.verified(other, other.request(.setLogin, SaveNewTests.form))
        #expect(rung.reply.success == false)
        #expect(rung.reply.error?.contains("nobody is asked") == true)
        #expect(await scene.asked().isEmpty)
        #expect(await scene.vault.saves.isEmpty)
    }

    @Test func `a grant covers it, and so does a rule of its own`() async throws {
        let granted = await Scene(rules: { $0.access = .granted })
        let key = GrantKey(
            fingerprint: granted.guest.key.fingerprint,
            program: "/usr/bin/firefox",
            origin: nil,
            vault: "Passwords",
            kind: .create,
            host: "a.example",
            form: GrantKey.Form(scheme: "https")
        )
        await granted.grants.remember(Grant(key: key, allows: true, entries: nil, scope: .always))
        let ruled = await Scene(rules: Self.rules[1])
        for scene in [granted, ruled] {
            let rung = try await scene.verified(
                scene.guest,
                scene.guest.request(.setLogin, SaveNewTests.form)
            )
            #expect(rung.reply.success)
            #expect(await scene.asked().isEmpty)
        }
    }

    @Test func `who wants to be asked about its saves says so`() async throws {
        let scene = await Scene(rules: { rules in
            rules.access = .granted
            rules.isSavingWritten = true
        })
        let rung = try await scene.verified(
            scene.guest,
            scene.guest.request(.setLogin, SaveNewTests.form),
            .allow
        )
        #expect(rung.reply.success)
        #expect(await scene.asked().map(\.kind) == [.save])
    }
}
