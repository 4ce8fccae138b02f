// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import KeePassHTTP
import Synchronization
import Testing

@testable import Operations

/// Somebody who is another program at each look, and whose looks are counted.
private final class ChangingRequester: Requester {
    private let seen = Mutex<[String]>([])
    private let known: Caller?

    init(_ known: Caller? = nil) { self.known = known }

    var looks: [String] { seen.withLock { $0 } }
    var isThere: Bool { true }

    func caller() async -> Caller { look("caller") }

    func asker() async -> Caller { look("asker") }

    private func look(_ kind: String) -> Caller {
        let count = seen.withLock { seen in
            seen.append(kind)
            return seen.count
        }
        return known ?? .named("program-\(count)")
    }
}

/// Somebody who has left after the first look.
private final class LeavingRequester: Requester {
    private let known: Caller
    private let hasLeft = Atomic(false)

    init(known: Caller) { self.known = known }

    var isThere: Bool { !hasLeft.load(ordering: .relaxed) }

    func caller() async -> Caller { look() }

    func asker() async -> Caller { look() }

    private func look() -> Caller {
        guard hasLeft.exchange(true, ordering: .relaxed) else { return known }
        return Caller(uid: 1000, holders: [], processes: [], hasLeft: true)
    }
}

/// How often it is looked up who sends a request.
@Suite(.timeLimit(.minutes(1))) struct CachedRequesterTests {
    @Test func `the caller is found once, and again after a question or another wait`() async {
        let requester = CachedRequester(ChangingRequester())
        let first = await requester.caller()
        #expect(await requester.caller() == first)
        let asker = await requester.asker()
        #expect(asker != first)
        let second = await requester.caller()
        #expect(second != first && second != asker)
        #expect(await requester.caller() == second)
        requester.hasWaited()
        #expect(await requester.caller() != second)
    }

    @Test func `a question is always for a fresh look, and a record for the last one`() async {
        let changing = ChangingRequester()
        let requester = CachedRequester(changing)
        _ = await (requester.caller(), requester.asker())
        let last = await requester.asker()
        #expect(await requester.sender() == last)
        #expect(changing.looks == ["caller", "asker", "asker"])
    }

    @Test func `whoever has hung up meanwhile is still the one who asked`() async {
        let known = Caller.named("firefox")
        let requester = CachedRequester(LeavingRequester(known: known))
        #expect(await requester.sender() == known)
        #expect(await requester.asker() == known)
        #expect(await requester.caller() == known)
        #expect(await requester.sender() == known)
    }

    /// Where somebody else is muted, so that each check of mutes wants to know who asks.
    private func fixture(_ change: (inout ClientRules) -> Void) async throws -> OperationsFixture {
        let fixture = await OperationsFixture(rules: change)
        await fixture.vault.put(.at("https://a.example/", "a"))
        let other = TestClient(id: "", caller: .named("other", 200))
        _ = try await fixture.verified(other, other.request(.associate), .deny(Choices(muteSeconds: 600)))
        return fixture
    }

    @Test(arguments: [
        (RequestType.getLogins, ["Url": "https://a.example/"]), (.getAllLogins, [:]),
        (.setLogin, ["Url": "https://b.example/", "Login": "me", "Password": "x"]),
    ])
    func `a request that asks nobody looks once`(type: RequestType, fields: [String: String]) async throws {
        let fixture = try await fixture { ($0.access, $0.bulkAccess, $0.saving) = (.never, .never, .never) }
        let requester = ChangingRequester(fixture.client.caller)
        let request = try WireRequest(type.rawValue, id: fixture.client.id, key: fixture.client.key, fields)
        let answer = await fixture.handler.answer(request.bytes, from: requester)
        #expect(try IncomingReply(parsing: answer.body, key: fixture.client.key).success)
        #expect(requester.looks == ["caller"])
    }

    @Test func `who was asked about is looked for again after the answer`() async throws {
        let fixture = try await fixture { _ in }
        let requester = ChangingRequester(fixture.client.caller)
        let body = try fixture.client.request(.getLogins, ["Url": "https://a.example/"])
        var events = fixture.approvals.events().makeAsyncIterator()
        async let answer = fixture.handler.answer(body, from: requester)
        try await fixture.allow(fixture.next(&events))
        #expect(try IncomingReply(parsing: await answer.body, key: fixture.client.key).success)
        #expect(requester.looks == ["caller", "asker", "caller"])
    }
}
