// SPDX-License-Identifier: Apache-2.0

import Callers
import KeePassHTTP
import Synchronization
import Testing
import Vault

@testable import Approval
@testable import Operations

/// An allowed save is carried out once, at the allow, whoever still listens.
@Suite(.timeLimit(.minutes(1))) struct SaveOnceTests {
    static let form: KeyValuePairs = ["Url": "https://a.example/", "Login": "me", "Password": "secret"]

    private func form(_ scene: Scene) throws -> [UInt8] {
        try scene.guest.request(.setLogin, Self.form)
    }

    @Test func `two that are alike are one question, one entry and one uuid`() async throws {
        let scene = await Scene()
        var events = scene.approvals.events().makeAsyncIterator()
        let first = scene.ringing(scene.guest, try form(scene))
        let question = try await scene.next(&events)
        let second = scene.ringing(scene.guest, try form(scene))
        try await scene.allow(question)
        let uuids = [try await first.value.reply.uuid, try await second.value.reply.uuid]
        #expect(uuids[0] != nil)
        #expect(uuids[0] == uuids[1])
        #expect(await scene.vault.saves.count == 1)
        #expect(await scene.asked().count == 1)
    }

    @Test func `one that is asked for again while it waits is shown again, and outlives who asked first`()
        async throws
    {
        let scene = await Scene()
        var events = scene.approvals.events().makeAsyncIterator()
        let first = scene.ringing(scene.guest, try form(scene))
        let question = try await scene.next(&events)
        let second = scene.ringing(scene.guest, try form(scene))
        while let event = await events.next() {
            guard case .notifierShowsAgain(let again) = event else { continue }
            #expect(again.code == question.code)
            break
        }
        first.cancel()
        try await scene.allow(question)
        #expect(try await second.value.reply.success)
        #expect(await scene.vault.saves.count == 1)
    }

    @Test func `one that comes before the question is counted, and its processes are askers as well`()
        async throws
    {
        let scene = await Scene()
        var events = scene.approvals.events().makeAsyncIterator()
        let other = scene.guest.from(.named("firefox", 555))
        let body = try other.request(.setLogin, Self.form)
        let (begun, begin) = AsyncStream.makeStream(of: Task<Rung, any Error>.self)
        await scene.vault.meanwhile {
            await scene.vault.meanwhile {}
            // Until it waits for the question.
            begin.yield(scene.ringing(other, body))
            begin.finish()
            while await scene.handler.parts.saves.joiningCount == 0 { await Task.yield() }
        }
        let first = scene.ringing(scene.guest, try form(scene))
        let question = try await scene.next(&events)
        while await scene.approvals.queue.waiting.first?.askers.count != 2 { await Task.yield() }
        let callers = await scene.approvals.queue.waiting.first?.callers.flatMap(\.holders).map(\.pid)
        #expect(callers?.contains(555) == true)
        try await scene.allow(question)
        var uuids = [try await first.value.reply.uuid]
        for await second in begun { uuids.append(try await second.value.reply.uuid) }
        #expect(uuids.count == 2 && uuids[0] != nil && uuids[0] == uuids[1])
        #expect(await scene.vault.saves.count == 1)
    }

    @Test func `also where nobody is asked`() async throws {
        let scene = await Scene(rules: { $0.saving = .never })
        let ringing = try (0..<8).map { _ in scene.ringing(scene.guest, try form(scene)) }
        var uuids: Set<String?> = []
        for rung in ringing { uuids.insert(try await rung.value.reply.uuid) }
        #expect(uuids.count == 1)
        #expect(await scene.vault.saves.count == 1)
    }

    @Test func `it is carried out when the asker has gone, and a retry gets its uuid`() async throws {
        try await Scene.onOneThread {
            let scene = await Scene()
            var events = scene.approvals.events().makeAsyncIterator()
            let ringing = scene.ringing(scene.guest, try form(scene))
            let question = try await scene.next(&events)
            ringing.cancel()
            await Scene.everythingElse()
            try await scene.allow(question)
            await (try await ringing.value).deliver(.notSent)
            #expect(await scene.vault.saves.count == 1)
            let retry = try await scene.verified(scene.guest, form(scene))
            #expect(retry.reply.success)
            #expect(retry.reply.uuid == (await scene.vault.all().first?.id.hex))
            #expect(await scene.vault.saves.count == 1)
            #expect(await scene.asked().count == 1)
        }
    }

    @Test func `an entry that the person deletes is not brought back by a retry unasked`() async throws {
        let scene = await Scene()
        let first = try await scene.verified(scene.guest, form(scene), .allow)
        await first.deliver(.notSent)
        let id = try #require(await scene.vault.all().first?.id)
        await scene.vault.remove(id)
        await scene.approvals.forget(.entry(id.hex))
        let retry = try await scene.verified(scene.guest, form(scene), .deny)
        #expect(!retry.reply.success)
        #expect(await scene.vault.all().isEmpty)
        #expect(await scene.asked().count == 2)
    }

    @Test func `a save is kept in mind for as long as the person has set`() async throws {
        let clock = Mutex(ContinuousClock.now)
        let ledger = SaveLedger(now: { clock.withLock { $0 } })
        let saved = Saved(id: .random(), code: nil)
        _ = await ledger.begin([1], rememberedFor: .seconds(300)) { .success(saved) }.task.value
        clock.withLock { $0 += .seconds(299) }
        #expect(await ledger.finished([1])?.id == saved.id)
        clock.withLock { $0 += .seconds(1) }
        #expect(await ledger.finished([1]) == nil)
    }

    @Test func `and no longer`() async throws {
        var limits = ApprovalLimits()
        limits.retry = .milliseconds(1)
        let scene = await Scene(limits: limits)
        await (try await scene.verified(scene.guest, form(scene), .allow)).deliver(.notSent)
        try await Task.sleep(for: .milliseconds(5))
        _ = try await scene.verified(scene.guest, form(scene), .deny)
        #expect(await scene.asked().count == 2)
    }

    @Test func `a retry of a change gets its uuid, too, though nothing would change any more`() async throws {
        let scene = await Scene()
        let login = Login.at("https://a.example/", "a")
        await scene.vault.put(login)
        let fields: KeyValuePairs = ["Uuid": login.id.hex, "Password": "new"]
        let first = try await scene.verified(scene.guest, scene.guest.request(.setLogin, fields), .allow)
        await first.deliver(.notSent)
        let retry = try await scene.verified(scene.guest, scene.guest.request(.setLogin, fields))
        #expect(retry.reply.success)
        #expect(retry.reply.uuid == login.id.hex)
        await retry.deliver()
        // From now on it is a change that changes nothing.
        let late = try await scene.verified(scene.guest, scene.guest.request(.setLogin, fields))
        #expect(late.reply.success == false)
        #expect(await scene.vault.saves.count == 1)
        #expect(await scene.asked().count == 2)
    }

    @Test func `a retry while a change of public fields waits joins it, though it is made by then`()
        async throws
    {
        try await Scene.onOneThread {
            let scene = await Scene()
            let login = Login.at("https://a.example/", "a")
            await scene.vault.put(login)
            let fields: KeyValuePairs = ["Uuid": login.id.hex, "Login": "you"]
            var events = scene.approvals.events().makeAsyncIterator()
            let first = scene.ringing(scene.guest, try scene.guest.request(.setLogin, fields))
            let question = try await scene.next(&events)
            // As it is when the save has been made and isn't recorded yet.
            var changed = login
            changed.username = "you"
            await scene.vault.put(changed)
            let retry = scene.ringing(scene.guest, try scene.guest.request(.setLogin, fields))
            await Scene.everythingElse()
            await scene.vault.put(login)
            try await scene.allow(question)
            let uuids = [try await first.value.reply.uuid, try await retry.value.reply.uuid]
            #expect(uuids == [login.id.hex, login.id.hex])
            #expect(await scene.vault.saves.count == 1)
        }
    }

    @Test func `an entry that became another one while the person was asked is not changed`() async throws {
        let changes: [@Sendable (inout Login) -> Void] = [
            { $0.title = "b" }, { $0.username = "you" }, { $0.url = "https://b.example/" },
        ]
        for change in changes {
            let scene = await Scene()
            var login = Login.at("https://a.example/", "a")
            await scene.vault.put(login)
            var events = scene.approvals.events().makeAsyncIterator()
            let fields: KeyValuePairs = ["Uuid": login.id.hex, "Password": "new"]
            let ringing = scene.ringing(scene.guest, try scene.guest.request(.setLogin, fields))
            let question = try await scene.next(&events)
            change(&login)
            await scene.vault.put(login)
            try await scene.allow(question)
            #expect(try await ringing.value.reply.error == Refusal.changedMeanwhile.sentence)
            #expect(await scene.vault.saves.isEmpty)
        }
    }

    @Test func `a reply that has arrived ends it: the same again is another entry`() async throws {
        let scene = await Scene()
        let first = try await scene.verified(scene.guest, form(scene), .allow)
        await first.deliver()
        let second = try await scene.verified(scene.guest, form(scene), .allow)
        #expect(second.reply.uuid != first.reply.uuid)
        #expect(await scene.asked().count == 2)
    }

    @Test func `a late delivery of a joined reply doesn't end the save that follows`() async throws {
        let scene = await Scene(rules: { $0.saving = .never })
        let ringing = try (0..<2).map { _ in scene.ringing(scene.guest, try form(scene)) }
        let replies = [try await ringing[0].value, try await ringing[1].value]
        await replies[0].deliver()
        let next = try await scene.verified(scene.guest, form(scene))
        await replies[1].deliver()
        let retry = try await scene.verified(scene.guest, form(scene))
        #expect(next.reply.uuid != replies[0].reply.uuid)
        #expect(retry.reply.uuid == next.reply.uuid)
        #expect(await scene.vault.saves.count == 2)
    }

    @Test func `an entry that has changed since is asked about anew`() async throws {
        let scene = await Scene()
        let first = try await scene.verified(scene.guest, form(scene), .allow)
        await first.deliver(.notSent)
        let id = try #require(first.reply.uuid.flatMap { LoginID(hex: $0) })
        var changed = try #require(await scene.vault.login(id))
        changed.username = "you"
        await scene.vault.put(changed, password: "another")
        await scene.approvals.forget(.entry(id.hex))
        await scene.approvals.forget(.everything)
        let retry = try await scene.verified(scene.guest, form(scene), .deny)
        #expect(retry.reply.success == false)
        #expect(await scene.asked().count == 2)
    }

    @Test func `another program with the same key doesn't join`() async throws {
        let scene = await Scene()
        var events = scene.approvals.events().makeAsyncIterator()
        let first = scene.ringing(scene.guest, try form(scene))
        let question = try await scene.next(&events)
        let thief = scene.guest.from(.named("curl", 300))
        let second = scene.ringing(thief, try thief.request(.setLogin, Self.form))
        let other = try await scene.next(&events)
        try await scene.deny(other)
        try await scene.allow(question)
        #expect(try await first.value.reply.success)
        #expect(try await second.value.reply.success == false)
        #expect(await scene.vault.saves.count == 1)
    }

    @Test func `one that differs in a secret alone is another question`() async throws {
        let scene = await Scene()
        var events = scene.approvals.events().makeAsyncIterator()
        let first = scene.ringing(scene.guest, try form(scene))
        let question = try await scene.next(&events)
        let body = try scene.guest.request(
            .setLogin,
            ["Url": "https://a.example/", "Login": "me", "Password": "other"]
        )
        let second = scene.ringing(scene.guest, body)
        let other = try await scene.next(&events)
        #expect(question.code != other.code)
        try await scene.deny(other)
        try await scene.allow(question)
        #expect(try await first.value.reply.success)
        #expect(try await second.value.reply.success == false)
    }

    @Test func `removing a string field and emptying it are two questions`() async throws {
        let scene = await Scene()
        let login = Login.at("https://a.example/", "a")
        await scene.vault.put(login, fields: ["Pin": "1"])
        for value in [nil, ""] {
            let body = try scene.guest.request(
                .setLogin,
                ["Uuid": login.id.hex],
                stringFields: [(key: "Pin", value: value)]
            )
            _ = try await scene.verified(scene.guest, body, .deny)
        }
        #expect(await scene.asked().count == 2)
    }
}
