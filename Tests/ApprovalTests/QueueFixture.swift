// SPDX-License-Identifier: Apache-2.0

import Callers
import Linux
import Synchronization
import Testing

@testable import Approval

/// An approval queue with a clock that only the test moves, and short names for what happens to it.
struct QueueFixture {
    static let start = ContinuousClock.now

    var queue: ApprovalQueue
    var now = QueueFixture.start
    private var lastAsker: AskerID = 0

    init(_ change: (inout ApprovalLimits) -> Void = { _ in }) {
        var limits = ApprovalLimits()
        change(&limits)
        let count = Mutex(0)
        queue = ApprovalQueue(limits: limits) { count.withLock { QueueFixture.code(next: &$0) } }
    }

    /// Codes in order: 2222, 2223, 2224 and so on.
    private static func code(next number: inout Int) -> String {
        defer { number += 1 }
        let digits = RequestCode.alphabet
        return String([1000 * 27, 900, 30, 1].map { digits[number / $0 % digits.count] })
    }

    mutating func pass(_ duration: Duration) {
        now += duration
    }

    /// Asks, and says who asked as what.
    @discardableResult
    mutating func ask(_ request: ApprovalRequest) -> Asked {
        lastAsker += 1
        let actions = queue.ask(request, by: lastAsker, now: now)
        return Asked(asker: lastAsker, actions: actions)
    }

    mutating func answer(
        _ code: String,
        _ decision: Decision,
        _ choices: Choices = Choices(),
        through surface: Surface = .notifier
    ) throws(AnswerError) -> [ApprovalAction] {
        try queue.answer(code: code, decision, choices, through: surface, now: now).actions
    }

    /// Asks and answers at once; the code.
    @discardableResult
    mutating func ask(
        _ request: ApprovalRequest,
        answered decision: Decision,
        _ choices: Choices = Choices()
    ) throws -> String {
        let code = try #require(ask(request).code)
        _ = try answer(code, decision, choices)
        return code
    }

    var codes: [String] { queue.waiting.map(\.code) }
}

/// What came of asking.
struct Asked {
    let asker: AskerID
    let actions: [ApprovalAction]

    /// The code under which it is shown.
    var code: String? {
        for case .added(let code) in actions { return code }
        return nil
    }

    /// The answer it got at once.
    var answer: Answer? { actions.answer(to: asker) }
}

extension [ApprovalAction] {
    func answer(to asker: AskerID) -> Answer? {
        for case .answer(asker, let answer) in self { return answer }
        return nil
    }
}

extension ApprovalAction {
    /// Whether it tells of a new question.
    var isAdded: Bool { if case .added = self { true } else { false } }
}

extension ApprovalQueue {
    /// How the requests ended of whose end these actions tell the bus.
    func outcomes(of actions: [ApprovalAction]) -> [String: Outcome] {
        actions.reduce(into: [:]) { outcomes, action in
            guard case .ended(let code, isHeard: true) = action else { return }
            outcomes[code] = ended.last { $0.code == code }?.outcome
        }
    }
}

extension ProcessIdentity {
    init(_ pid: Int32) {
        self.init(pid: pid, startTime: UInt64(pid) * 100)
    }
}

extension ProcessRecord {
    static func named(_ name: String, _ pid: Int32, userWritable: Bool = false, script: String? = nil) -> Self
    {
        ProcessRecord(
            identity: ProcessIdentity(pid),
            executable: "/usr/bin/" + name,
            name: name,
            script: script,
            hasTerminal: true,
            scope: nil,
            userWritable: userWritable
        )
    }
}

extension Caller {
    static func named(
        _ name: String,
        _ pid: Int32 = 100,
        origin: String? = nil,
        userAgent: String? = nil
    ) -> Caller {
        Caller(
            uid: 1000,
            holders: [ProcessIdentity(pid)],
            processes: [.named(name, pid), .named("zsh", 50)],
            sandbox: nil,
            origin: origin,
            userAgent: userAgent
        )
    }

    /// Two programs that hold one connection.
    static func shared(by one: String, _ other: String) -> Caller {
        let holders = [(one, Int32(700)), (other, 701)].compactMap { Holder(processes: [.named($0, $1)]) }
        return Caller(socket: SocketOwner(uid: 1000, inode: 7), present: holders)
    }

    static let nobody = Caller.unknown(uid: 1000, origin: nil, userAgent: nil)
}

extension Answerer {
    static func named(_ name: String, _ pid: Int32, under parents: [ProcessRecord] = []) -> Answerer {
        Answerer(
            identity: ProcessIdentity(pid),
            uid: 1000,
            chain: [.named(name, pid)] + parents,
            sandbox: nil
        )
    }

    /// Somebody who has nothing to do with any asker.
    static let stranger = Answerer.named("panel", 7)
}

extension ApprovalRequest {
    static func associate(
        _ caller: Caller = .named("firefox"),
        key: UInt8 = 1,
        suggesting id: String = "firefox"
    ) -> ApprovalRequest {
        ApprovalRequest(
            kind: .associate,
            caller: caller,
            questionDigest: [key],
            suggestedID: id,
            fingerprint: "3F:A2:00:11:22:33:44:55"
        )
    }

    static func overwrite(_ caller: Caller = .named("firefox"), key: UInt8 = 1) -> ApprovalRequest {
        ApprovalRequest(
            kind: .overwrite,
            caller: caller,
            questionDigest: [key],
            client: "firefox",
            fingerprint: "3F:A2"
        )
    }

    static func unlock(
        _ caller: Caller = .named("firefox"),
        of key: String? = nil,
        vault: String? = "Passwords"
    ) -> ApprovalRequest {
        unlock(caller, of: key, vaults: vault.map { [$0] } ?? [])
    }

    static func unlock(
        _ caller: Caller = .named("firefox"),
        of key: String? = nil,
        vaults: [String]
    ) -> ApprovalRequest {
        ApprovalRequest(
            kind: .unlock,
            caller: caller,
            questionDigest: [],
            client: "firefox",
            fingerprint: key,
            vaults: vaults
        )
    }

    static func release(
        _ caller: Caller = .named("firefox"),
        host: String = "github.com",
        entries: [String] = ["AA"],
        bulk: Bool = false
    ) -> ApprovalRequest {
        ApprovalRequest(
            kind: .release,
            caller: caller,
            questionDigest: [],
            client: "firefox",
            fingerprint: "3F:A2",
            vaults: ["Passwords"],
            host: bulk ? nil : host,
            entries: entries.map { EntryLine(uuid: $0, title: "Entry \($0)", username: "user-\($0)") },
            bulk: bulk
        )
    }

    static func save(_ caller: Caller = .named("firefox"), password: UInt8 = 1) -> ApprovalRequest {
        ApprovalRequest(
            kind: .save,
            caller: caller,
            questionDigest: [password],
            client: "firefox",
            vaults: ["Passwords"],
            host: "github.com",
            isNew: true,
            fields: ["password", "user name"]
        )
    }
}
