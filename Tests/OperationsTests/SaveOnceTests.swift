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

    private func form(_ fixture: OperationsFixture) throws -> [UInt8] {
        try fixture.client.request(.setLogin, Self.form)
    }

    @Test func `two that are alike are one question, one entry and one uuid`() async throws {
        let fixture = await OperationsFixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let first = fixture.sending(fixture.client, try form(fixture))
        let question = try await fixture.next(&events)
        let second = fixture.sending(fixture.client, try form(fixture))
        try await fixture.allow(question)
        let uuids = [try await first.value.reply.uuid, try await second.value.reply.uuid]
        #expect(uuids[0] != nil)
        #expect(uuids[0] == uuids[1])
        #expect(await fixture.vault.saves.count == 1)
        #expect(await fixture.asked().count == 1)
    }

    @Test func `one that is asked for again while it waits is shown again, and outlives who asked first`()
        async throws
    {
        let fixture = await OperationsFixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let first = fixture.sending(fixture.client, try form(fixture))
        let question = try await fixture.next(&events)
        let second = fixture.sending(fixture.client, try form(fixture))
        while let event = await events.next() {
            guard case .notifierShowsAgain(let again) = event else { continue }
            #expect(again.code == question.code)
            break
        }
        first.cancel()
        try await fixture.allow(question)
        #expect(try await second.value.reply.success)
        #expect(await fixture.vault.saves.count == 1)
    }

    @Test func `one that comes before the question is counted, and its processes are askers as well`()
        async throws
    {
        let fixture = await OperationsFixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let other = fixture.client.from(.named("firefox", 555))
        let body = try other.request(.setLogin, Self.form)
        let (begun, begin) = AsyncStream.makeStream(of: Task<Exchange, any Error>.self)
        await fixture.vault.meanwhile {
            await fixture.vault.meanwhile {}
            // Until it waits for the question.
            begin.yield(fixture.sending(other, body))
            begin.finish()
            while await fixture.handler.parts.saves.joiningCount == 0 { await Task.yield() }
        }
        let first = fixture.sending(fixture.client, try form(fixture))
        let question = try await fixture.next(&events)
        while await fixture.approvals.queue.waiting.first?.askers.count != 2 { await Task.yield() }
        let callers = await fixture.approvals.queue.waiting.first?.callers.flatMap(\.holders).map(\.pid)
        #expect(callers?.contains(555) == true)
        try await fixture.allow(question)
        var uuids = [try await first.value.reply.uuid]
        for await second in begun { uuids.append(try await second.value.reply.uuid) }
        #expect(uuids.count == 2 && uuids[0] != nil && uuids[0] == uuids[1])
        #expect(await fixture.vault.saves.count == 1)
    }

    @Test func `also where nobody is asked`() async throws {
        let fixture = await OperationsFixture(rules: { $0.saving = .never })
        let pending = try (0..<8).map { _ in fixture.sending(fixture.client, try form(fixture)) }
        var uuids: Set<String?> = []
        for exchange in pending { uuids.insert(try await exchange.value.reply.uuid) }
        #expect(uuids.count == 1)
        #expect(await fixture.vault.saves.count == 1)
    }

    @Test func `it is carried out when the asker has gone, and a retry gets its uuid`() async throws {
        try await OperationsFixture.onOneThread {
            let fixture = await OperationsFixture()
            var events = fixture.approvals.events().makeAsyncIterator()
            let pending = fixture.sending(fixture.client, try form(fixture))
            let question = try await fixture.next(&events)
            pending.cancel()
            await OperationsFixture.everythingElse()
            try await fixture.allow(question)
            await (try await pending.value).deliver(.notSent)
            #expect(await fixture.vault.saves.count == 1)
            let retry = try await fixture.verified(fixture.client, form(fixture))
            #expect(retry.reply.success)
            #expect(retry.reply.uuid == (await fixture.vault.all().first?.id.hex))
            #expect(await fixture.vault.saves.count == 1)
            #expect(await fixture.asked().count == 1)
        }
    }

    @Test func `an entry that the person deletes is not brought back by a retry unasked`() async throws {
        let fixture = await OperationsFixture()
        let first = try await fixture.verified(fixture.client, form(fixture), .allow)
        await first.deliver(.notSent)
        let id = try #require(await fixture.vault.all().first?.id)
        await fixture.vault.remove(id)
        await fixture.approvals.forget(.entry(id.hex))
        let retry = try await fixture.verified(fixture.client, form(fixture), .deny)
        #expect(!retry.reply.success)
        #expect(await fixture.vault.all().isEmpty)
        #expect(await fixture.asked().count == 2)
    }

    @Test func `a save is kept in mind for as long as the person has set`() async throws {
        let clock = Mutex(ContinuousClock.now)
        let results = SaveResults(now: { clock.withLock { $0 } })
        let saved = Saved(id: .random(), code: nil)
        _ = await results.begin([1], rememberedFor: .seconds(300)) { .success(saved) }.task.value
        clock.withLock { $0 += .seconds(299) }
        #expect(await results.finished([1])?.id == saved.id)
        clock.withLock { $0 += .seconds(1) }
        #expect(await results.finished([1]) == nil)
    }

    @Test func `and no longer`() async throws {
        var limits = ApprovalLimits()
        limits.retry = .milliseconds(1)
        let fixture = await OperationsFixture(limits: limits)
        await (try await fixture.verified(fixture.client, form(fixture), .allow)).deliver(.notSent)
        try await Task.sleep(for: .milliseconds(5))
        _ = try await fixture.verified(fixture.client, form(fixture), .deny)
        #expect(await fixture.asked().count == 2)
    }

    @Test func `a retry of a change gets its uuid, too, though nothing would change any more`() async throws {
        let fixture = await OperationsFixture()
        let login = Login.at("https://a.example/", "a")
        await fixture.vault.put(login)
        let fields: KeyValuePairs = ["Uuid": login.id.hex, "Password": "new"]
        let first = try await fixture.verified(
            fixture.client,
            fixture.client.request(.setLogin, fields),
            .allow
        )
        await first.deliver(.notSent)
        let retry = try await fixture.verified(fixture.client, fixture.client.request(.setLogin, fields))
        #expect(retry.reply.success)
        #expect(retry.reply.uuid == login.id.hex)
        await retry.deliver()
        // From now on it is a change that changes nothing.
        let late = try await fixture.verified(fixture.client, fixture.client.request(.setLogin, fields))
        #expect(late.reply.success == false)
        #expect(await fixture.vault.saves.count == 1)
        #expect(await fixture.asked().count == 2)
    }

    @Test func `a retry while a change of public fields waits joins it, though it is made by then`()
        async throws
    {
        try await OperationsFixture.onOneThread {
            let fixture = await OperationsFixture()
            let login = Login.at("https://a.example/", "a")
            await fixture.vault.put(login)
            let fields: KeyValuePairs = ["Uuid": login.id.hex, "Login": "you"]
            var events = fixture.approvals.events().makeAsyncIterator()
            let first = fixture.sending(fixture.client, try fixture.client.request(.setLogin, fields))
            let question = try await fixture.next(&events)
            // As it is when the save has been made and isn't recorded yet.
            var changed = login
            changed.username = "you"
            await fixture.vault.put(changed)
            let retry = fixture.sending(fixture.client, try fixture.client.request(.setLogin, fields))
            await OperationsFixture.everythingElse()
            await fixture.vault.put(login)
            try await fixture.allow(question)
            let uuids = [try await first.value.reply.uuid, try await retry.value.reply.uuid]
            #expect(uuids == [login.id.hex, login.id.hex])
            #expect(await fixture.vault.saves.count == 1)
        }
    }

    @Test func `an entry that became another one while the person was asked is not changed`() async throws {
        let changes: [@Sendable (inout Login) -> Void] = [
            { $0.title = "b" }, { $0.username = "you" }, { $0.url = "https://b.example/" },
        ]
        for change in changes {
            let fixture = await OperationsFixture()
            var login = Login.at("https://a.example/", "a")
            await fixture.vault.put(login)
            var events = fixture.approvals.events().makeAsyncIterator()
            let fields: KeyValuePairs = ["Uuid": login.id.hex, "Password": "new"]
            let pending = fixture.sending(fixture.client, try fixture.client.request(.setLogin, fields))
            let question = try await fixture.next(&events)
            change(&login)
            await fixture.vault.put(login)
            try await fixture.allow(question)
            #expect(try await pending.value.reply.error == Refusal.changedMeanwhile.sentence)
            #expect(await fixture.vault.saves.isEmpty)
        }
    }

    @Test func `a reply that has arrived ends it: the same again is another entry`() async throws {
        let fixture = await OperationsFixture()
        let first = try await fixture.verified(fixture.client, form(fixture), .allow)
        await first.deliver()
        let second = try await fixture.verified(fixture.client, form(fixture), .allow)
        #expect(second.reply.uuid != first.reply.uuid)
        #expect(await fixture.asked().count == 2)
    }

    @Test func `a late delivery of a joined reply doesn't end the save that follows`() async throws {
        let fixture = await OperationsFixture(rules: { $0.saving = .never })
        let pending = try (0..<2).map { _ in fixture.sending(fixture.client, try form(fixture)) }
        let replies = [try await pending[0].value, try await pending[1].value]
        await replies[0].deliver()
        let next = try await fixture.verified(fixture.client, form(fixture))
        await replies[1].deliver()
        let retry = try await fixture.verified(fixture.client, form(fixture))
        #expect(next.reply.uuid != replies[0].reply.uuid)
        #expect(retry.reply.uuid == next.reply.uuid)
        #expect(await fixture.vault.saves.count == 2)
    }

    @Test func `an entry that has changed since is asked about anew`() async throws {
        let fixture = await OperationsFixture()
        let first = try await fixture.verified(fixture.client, form(fixture), .allow)
        await first.deliver(.notSent)
        let id = try #require(first.reply.uuid.flatMap { LoginID(hex: $0) })
        var changed = try #require(await fixture.vault.login(id))
        changed.username = "you"
        await fixture.vault.put(changed, password: "another")
        await fixture.approvals.forget(.entry(id.hex))
        await fixture.approvals.forget(.everything)
        let retry = try await fixture.verified(fixture.client, form(fixture), .deny)
        #expect(retry.reply.success == false)
        #expect(await fixture.asked().count == 2)
    }

    @Test func `another program with the same key doesn't join`() async throws {
        let fixture = await OperationsFixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let first = fixture.sending(fixture.client, try form(fixture))
        let question = try await fixture.next(&events)
        let thief = fixture.client.from(.named("curl", 300))
        let second = fixture.sending(thief, try thief.request(.setLogin, Self.form))
        let other = try await fixture.next(&events)
        try await fixture.deny(other)
        try await fixture.allow(question)
        #expect(try await first.value.reply.success)
        #expect(try await second.value.reply.success == false)
        #expect(await fixture.vault.saves.count == 1)
    }

    @Test func `one that differs in a secret alone is another question`() async throws {
        let fixture = await OperationsFixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let first = fixture.sending(fixture.client, try form(fixture))
        let question = try await fixture.next(&events)
        let body = try fixture.client.request(
            .setLogin,
            ["Url": "https://a.example/", "Login": "me", "Password": "other"]
        )
        let second = fixture.sending(fixture.client, body)
        let other = try await fixture.next(&events)
        #expect(question.code != other.code)
        try await fixture.deny(other)
        try await fixture.allow(question)
        #expect(try await first.value.reply.success)
        #expect(try await second.value.reply.success == false)
    }

    @Test func `removing a string field and emptying it are two questions`() async throws {
        let fixture = await OperationsFixture()
        let login = Login.at("https://a.example/", "a")
        await fixture.vault.put(login, fields: ["Pin": "1"])
        for value in [nil, ""] {
            let body = try fixture.client.request(
                .setLogin,
                ["Uuid": login.id.hex],
                stringFields: [(key: "Pin", value: value)]
            )
            _ = try await fixture.verified(fixture.client, body, .deny)
        }
        #expect(await fixture.asked().count == 2)
    }
}
