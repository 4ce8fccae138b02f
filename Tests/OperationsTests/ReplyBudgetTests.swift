// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import KeePassHTTP
import Testing
import Vault

@testable import Operations

/// What all replies may take together.
@Suite(.timeLimit(.minutes(1))) struct ReplyBudgetTests {
    @Test func `a program has its share, all have what there is, and it comes back`() {
        let budget = ReplyBudget(most: 100, share: 60)
        let (a, b) = (ChargedPrograms(of: .named("a")), ChargedPrograms(of: .named("b")))
        var leases = [budget.lease(for: a), budget.lease(for: a), budget.lease(for: b)]
        #expect(leases[0].take(50) && !leases[1].take(20) && leases[1].take(10))
        #expect(!leases[2].take(50) && leases[2].take(40))
        #expect(!budget.lease(for: ChargedPrograms(of: .named("c"))).take(1))
        #expect(budget.taken == 100)
        leases.removeFirst()
        #expect(budget.taken == 50)
        // What several have together counts against each of them, but takes nothing from what one has alone.
        leases.append(budget.lease(for: ChargedPrograms(of: .sharedBy("b", "c"))))
        #expect(!leases[2].take(30) && leases[2].take(20))
        #expect(budget.lease(for: b).take(20) && budget.lease(for: ChargedPrograms(of: .named("c"))).take(30))
        leases = []
        #expect(budget.taken == 0)
    }

    @Test func `one allow makes no more replies for peers that don't read than there is memory for`()
        async throws
    {
        try await OperationsFixture.onOneThread {
            var fixture = await OperationsFixture()
            fixture.change { $0.replies = ReplyBudget(most: 200_000, share: 100_000) }
            await fixture.vault.put(
                .at("https://a.example/", "a"),
                password: String(repeating: "x", count: 40_000)
            )
            var events = fixture.approvals.events().makeAsyncIterator()
            let page = KeyValuePairs(dictionaryLiteral: ("Url", "https://a.example/"))
            var tasks: [Task<Exchange, any Error>] = []
            for _ in 0..<6 {
                tasks.append(fixture.sending(fixture.client, try fixture.client.request(.getLogins, page)))
            }
            let question = try await fixture.next(&events)
            await OperationsFixture.everythingElse()
            try await fixture.allow(question)
            var exchange: [Exchange] = []
            for task in tasks { exchange.append(try await task.value) }
            #expect(exchange.count { $0.reply.success } == 2)
            #expect(exchange.contains { $0.reply.error?.hasPrefix("Too many long answers") == true })
            #expect((80_000...100_000).contains(fixture.handler.parts.replies.taken))
            // Delivered or not, they are gone.
            for reply in exchange { await reply.deliver(.notSent) }
            exchange = []
            tasks = []
            await OperationsFixture.everythingElse()
            #expect(fixture.handler.parts.replies.taken == 0)
        }
    }

    @Test func `what each entry has beside its texts counts, its group's path among it`() async throws {
        func taken(_ change: @escaping (inout ClientRules) -> Void) async throws -> Int {
            let fixture = await OperationsFixture(rules: change)
            for number in 0..<10 {
                var login = Login.at("https://a.example/", "a\(number)")
                login.group = LoginGroup(path: String(repeating: "g", count: 1000), id: .random())
                await fixture.vault.put(login)
            }
            let body = try fixture.client.request(.getLogins, ["Url": "https://a.example/"])
            let exchange = try await fixture.verified(fixture.client, body, .allow)
            #expect(exchange.reply.entries.count == 10)
            return fixture.handler.parts.replies.taken
        }
        let (with, without) = (try await taken { _ in }, try await taken { $0.groups = false })
        #expect((12_000...20_000).contains(with) && with - without == 10_000)
        #expect(without >= 10 * 200)
    }

    @Test func `one program can't wait for answers without end`() async throws {
        try await OperationsFixture.onOneThread {
            var limits = ApprovalLimits()
            limits.askersPerProgram = 3
            let fixture = await OperationsFixture(limits: limits)
            await fixture.vault.put(.at("https://a.example/", "a"))
            var events = fixture.approvals.events().makeAsyncIterator()
            let page = KeyValuePairs(dictionaryLiteral: ("Url", "https://a.example/"))
            var tasks: [Task<Exchange, any Error>] = []
            for _ in 0..<3 {
                tasks.append(fixture.sending(fixture.client, try fixture.client.request(.getLogins, page)))
            }
            let question = try await fixture.next(&events)
            await OperationsFixture.everythingElse()
            let more = try await fixture.sending(fixture.client, fixture.client.request(.getLogins, page))
                .value
            #expect(more.status == 200 && more.reply.error == "Too many questions are waiting")
            let search = try fixture.client.request(.customSearch, ["SearchString": "a"])
            let asked = try await fixture.sending(fixture.client, search).value
            #expect(asked.reply.error == "Too many questions are waiting")
            try await fixture.allow(question)
            for task in tasks { #expect(try await task.value.titles == ["a"]) }
            #expect(await fixture.asked().count == 1)
        }
    }
}
