// SPDX-License-Identifier: Apache-2.0

import Approval
import Clients
import KeePassHTTP
import Testing
import Vault

@testable import Operations

/// The answer for one form is none for another that was never shown.
@Suite(.timeLimit(.minutes(1))) struct SameQuestionTests {
    private static let shown: KeyValuePairs = ["Url": "https://bank.example/"]

    static let unshown: [KeyValuePairs<String, String>] = [
        ["Url": "http://bank.example/"],
        ["Url": "ftp://bank.example/"],
        ["Url": "ws://bank.example/"],
        ["Url": "https://bank.example/", "SubmitUrl": "http://bank.example/login"],
        ["Url": "https://bank.example/", "SubmitUrl": "https://evil.example\\@bank.example/"],
        ["Url": "https://bank.example/", "SubmitUrl": "https://evil.example/"],
    ]

    private func scene() async -> Scene {
        let scene = await Scene()
        await scene.vault.put(.at("https://bank.example/", "bank"))
        return scene
    }

    @Test(arguments: unshown)
    func `while it waits`(other: KeyValuePairs<String, String>) async throws {
        let scene = await scene()
        var events = scene.approvals.events().makeAsyncIterator()
        let first = scene.ringing(scene.guest, try scene.guest.request(.getLogins, Self.shown))
        let question = try await scene.next(&events)
        let second = scene.ringing(scene.guest, try scene.guest.request(.getLogins, other))
        let another = try await scene.next(&events)
        try await scene.allow(question, Choices(scope: .always))
        try await scene.deny(another)
        #expect(try await first.value.titles == ["bank"])
        #expect(try await second.value.titles == [])
        #expect(await scene.grants.grants.map(\.key.form) == [GrantKey.Form(scheme: "https")])
    }

    @Test(arguments: unshown)
    func `while the answer is undelivered, or a denial keeps it quiet`(
        other: KeyValuePairs<String, String>
    ) async throws {
        for word in [Word.allow, .deny] {
            let scene = await scene()
            _ = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.shown), word)
            let rung = try await scene.verified(scene.guest, scene.guest.request(.getLogins, other), .deny)
            #expect(rung.titles == [])
            #expect(await scene.asked().count == 2)
        }
    }

    @Test func `paths and further fields make no other question`() async throws {
        let scene = await scene()
        _ = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.shown), .allow)
        let own: KeyValuePairs = ["Url": "https://bank.example/a", "SubmitUrl": "https://bank.example/b"]
        #expect(
            try await scene.verified(scene.guest, scene.guest.request(.getLogins, own)).titles == ["bank"]
        )
        #expect(await scene.asked().count == 1)
    }

    @Test func `a decision is remembered once, however many asked`() async throws {
        let scene = await scene()
        var events = scene.approvals.events().makeAsyncIterator()
        let body = try scene.guest.request(.getLogins, Self.shown)
        let first = scene.ringing(scene.guest, body)
        let question = try await scene.next(&events)
        let second = scene.ringing(scene.guest, try scene.guest.request(.getLogins, Self.shown))
        try await scene.allow(question, Choices(scope: .session, seconds: 600))
        _ = try await (first.value, second.value)
        _ = try await scene.verified(scene.guest, try scene.guest.request(.getLogins, Self.shown))
        #expect(await scene.grants.grants.count == 1)
    }

    @Test func `an Id of several scripts is proposed in vain`() async throws {
        let scene = await scene()
        let guest = TestClient(id: "fіrefоx")
        let body = try guest.request(.associate)
        let rung = try await scene.verified(guest, body, .allow)
        #expect(rung.reply.id != "fіrefоx")
        #expect(await scene.asked().first?.suggestedID?.utf8.allSatisfy { $0 < 0x80 } == true)
    }

    @Test(arguments: [
        ("ﬁrefox", "firefox-2"), ("fire\u{2011}fox", "fire-fox"), ("fire\u{1D5BF}ox", "firefox-2"),
    ])
    func `an Id of characters like plainer ones is proposed in plain ones`(id: String, plain: String)
        async throws
    {
        let scene = await scene()
        let guest = TestClient(id: id)
        let rung = try await scene.verified(guest, try guest.request(.associate), .allow)
        #expect(rung.reply.id == plain)
        #expect(await scene.asked().first?.suggestedID == plain)
    }
}
