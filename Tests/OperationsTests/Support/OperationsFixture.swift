// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Callers
import Clients
import ConcurrencyTools
import KeePassHTTP
import Logging
import SecureMemory
import Synchronization
import Testing
import Vault

@testable import Operations

/// What the person says to the next question.
enum PersonAnswer: Sendable {
    case allow(Choices)
    case deny(Choices)

    static let allow = PersonAnswer.allow(Choices())
    static let deny = PersonAnswer.deny(Choices())
}

/// The records that the handler has made.
final class Records: Sendable {
    private let kept = Mutex<[AuditRecord]>([])

    var all: [AuditRecord] { kept.withLock { $0 } }

    /// How the disk is that records are kept on.
    enum Disk { case works, isFull, isTooSlow }

    var disk: Disk {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }

    private let state = Mutex(Disk.works)

    func keep(_ event: AuditRecord.Event, _ fields: [AuditRecord.Field: String?]) -> Bool {
        guard disk != .isFull else { return false }
        kept.withLock { $0.append(AuditRecord(event, time: 0, fields)) }
        return disk == .works
    }
}

/// A request handler with stores in memory, the real approval queue, and a person who does as the test says.
struct OperationsFixture: Sendable {
    let clients = MemoryClientStore()
    let grants = MemoryGrantStore()
    let vault: MemoryVault
    let approvals: ApprovalBroker
    private(set) var handler: RequestHandler
    private let policy: Policy
    private let vaults: VaultSet
    let records = Records()
    let client = TestClient(id: "firefox")

    static let now: Int64 = 1_000_000

    init(
        _ policy: Policy = Policy(),
        limits: ApprovalLimits = ApprovalLimits(),
        vault: MemoryVault = MemoryVault(),
        others: [MemoryVault] = [],
        tellDelivery: @escaping @Sendable (Delivery) async -> Void = { _ in }
    ) async {
        self.vault = vault
        self.policy = policy
        vaults = VaultSet([vault] + others)
        approvals = ApprovalBroker(limits: limits, watchProcess: { process, _ in process })
        handler = RequestHandler(
            vaults: vaults,
            clients: clients,
            grants: grants,
            approvals: approvals,
            policy: policy,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            now: { Self.now },
            tellDelivery: tellDelivery,
            audit: records.keep
        )
        await clients.welcome(client)
    }

    init(
        rules change: (inout ClientRules) -> Void,
        limits: ApprovalLimits = ApprovalLimits(),
        others: [MemoryVault] = []
    ) async {
        var rules = ClientRules()
        change(&rules)
        await self.init(Policy(standard: rules), limits: limits, others: others)
    }

    /// Has the handler go on with other parts.
    mutating func change(_ change: (inout HandlerParts) -> Void) {
        var parts = handler.parts
        change(&parts)
        handler = RequestHandler(parts, policy: policy, vaults: vaults)
    }

    /// Asks, with somebody there who gives these answers one after the other.
    ///
    /// A question beyond them is denied, so that it can be seen in ``asked()`` and nothing hangs.
    func verified(
        _ body: [UInt8],
        from caller: Caller = .named("firefox"),
        key: ClientKey? = nil,
        _ words: [PersonAnswer] = []
    ) async throws -> Exchange {
        let events = approvals.events()
        let person = Task { [approvals] in
            var words = words[...]
            for await event in events {
                guard case .added(let request) = event else { continue }
                switch words.popFirst() ?? .deny {
                case .allow(let choices):
                    try await approvals.answer(
                        code: request.code,
                        decision: .allow,
                        choices: choices,
                        through: .notifier
                    )
                case .deny(let choices):
                    try await approvals.answer(
                        code: request.code,
                        decision: .deny,
                        choices: choices,
                        through: .notifier
                    )
                }
            }
        }
        let answer = await handler.answer(body, from: KnownRequester(known: caller))
        person.cancel()
        // Or who had nothing to answer here would answer the next question.
        _ = await person.result
        return Exchange(answer, of: handler, reply: try IncomingReply(parsing: answer.body, key: key))
    }

    /// Asks as a known client.
    func verified(_ client: TestClient, _ body: [UInt8], _ words: PersonAnswer...) async throws -> Exchange {
        try await verified(body, from: client.caller, key: client.key, words)
    }

    /// Asks as a known client in a task of its own, so that the test can answer.
    func sending(_ client: TestClient, _ body: [UInt8]) -> Task<Exchange, any Error> {
        Task(executorPreference: MainLoop.executor) {
            let answer = await handler.answer(body, from: KnownRequester(known: client.caller))
            return Exchange(
                answer,
                of: handler,
                reply: try IncomingReply(parsing: answer.body, key: client.key)
            )
        }
    }

    /// Everything that was ever asked, the oldest first.
    func asked() async -> [PendingRequest] {
        await approvals.recent().reversed().map(\.request) + approvals.pending()
    }

    /// Runs a test on `MainLoop`, where tasks take turns.
    static func onOneThread(_ test: @escaping @Sendable () async throws -> Void) async throws {
        try await Task(executorPreference: MainLoop.executor) { try await test() }.value
    }

    /// Gives everything else on that thread so many turns that it has come to where it has to wait.
    static func everythingElse() async {
        for _ in 0..<100 { await Task.yield() }
    }

    /// The next question on a stream of what happens.
    func next(_ events: inout AsyncStream<ApprovalEvent>.Iterator) async throws -> PendingRequest {
        while let event = await events.next(isolation: #isolation) {
            if case .added(let request) = event { return request }
        }
        throw BrokerClosed()
    }

    func allow(_ request: PendingRequest, _ choices: Choices = Choices()) async throws {
        try await approvals.answer(code: request.code, decision: .allow, choices: choices, through: .notifier)
    }

    func deny(_ request: PendingRequest, _ choices: Choices = Choices()) async throws {
        try await approvals.answer(code: request.code, decision: .deny, choices: choices, through: .notifier)
    }

    struct BrokerClosed: Error {}
}

/// What came of asking.
struct Exchange: Sendable {
    let status: Int
    let body: String
    let reply: IncomingReply
    private let delivered: @Sendable (DeliveryOutcome) async -> Void

    init(_ answer: EncodedReply, of handler: RequestHandler, reply: IncomingReply) {
        status = answer.status
        body = String(decoding: answer.body, as: UTF8.self)
        self.reply = reply
        delivered = { outcome in
            await answer.delivered?(outcome)
            await handler.followUps.finish()
        }
    }

    /// The reply has reached its client, or has not; returns when all that follows is done.
    func deliver(_ outcome: DeliveryOutcome = .arrived) async { await delivered(outcome) }

    var titles: [String] { reply.entries.map(\.name) }
}

extension Login {
    /// A login with a password at a page of its own.
    static func at(
        _ url: String,
        _ title: String,
        username: String = "me",
        allow: [String] = [],
        deny: [String] = []
    ) -> Login {
        Login(
            id: .random(),
            title: title,
            username: username,
            url: url,
            group: LoginGroup(path: "Root/Web", id: LoginID([UInt8](repeating: 7, count: 16))),
            settings: EntrySettings(allow: allow, deny: deny)
        )
    }
}

extension RequestHandler {
    /// Answers a request as it came from the network.
    func answer(_ body: [UInt8], from requester: any Requester) async -> EncodedReply {
        await answer(WipedBytes(copying: body), from: requester)
    }
}
