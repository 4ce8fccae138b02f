// SPDX-License-Identifier: Apache-2.0

import DBus
import TestSupport

/// Somebody in the session who answers requests over the bus.
struct BusAnswerer: Sendable {
    static let name = "org.keybell.Keybell"
    static let approval: ObjectPath = "/org/keybell/Approval"
    static let interface = "org.keybell.Approval1"

    let session: DaemonSession

    init(_ session: DaemonSession) {
        self.session = session
    }

    /// A question as it stands on the bus.
    struct QuestionKey: Sendable {
        let code: String
        let details: [String: Value]

        var kind: String? { details["kind"]?.asString }
        var title: String { details["title"]?.asString ?? "" }
        var caller: [String: Value] { details["caller"]?.vardict ?? [:] }
    }

    /// Does something that raises questions, and answers each of them.
    ///
    /// - Parameters:
    ///   - choices: What is chosen beside the decision.
    ///   - decision: `allow` or `deny`.
    ///   - seen: Looks at each question before it is answered; what it returns replaces `decision`.
    ///   - action: What raises the questions.
    /// - Returns: What the action returns.
    /// - Throws: What the action throws, or the bus.
    func answering<Result: Sendable>(
        _ choices: [String: String] = [:],
        decision: String = "allow",
        seen: @escaping @Sendable (QuestionKey) -> String? = { _ in nil },
        while action: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let bus = try await session.bus.connect()
        let added = try await bus.signals(
            sender: Self.name,
            path: Self.approval,
            interface: Self.interface,
            member: "RequestAdded"
        )
        let values = choices.mapValues { Value.string($0) }
        let answers = Task {
            for await message in added {
                guard let code = message.body.first?.asString else { continue }
                let question = QuestionKey(code: code, details: message.body.last?.vardict ?? [:])
                let word = seen(question) ?? decision
                // It may have been withdrawn by now.
                _ = try? await bus.call(
                    Self.name,
                    Self.approval,
                    Self.interface,
                    "Answer",
                    [.string(code), .string(word), .vardict(question.kind == "associate" ? values : [:])]
                )
            }
        }
        defer { answers.cancel() }
        let result = try await action()
        await bus.close()
        return result
    }

    /// Waits for a question without answering it.
    func question(within limit: Duration = .seconds(20)) async throws -> QuestionKey {
        let bus = try await session.bus.connect()
        let found = Observed<QuestionKey?>(nil)
        let added = try await bus.signals(
            sender: Self.name,
            path: Self.approval,
            interface: Self.interface,
            member: "RequestAdded"
        )
        let following = Task {
            for await message in added {
                guard let code = message.body.first?.asString else { continue }
                found.update { $0 = QuestionKey(code: code, details: message.body.last?.vardict ?? [:]) }
            }
        }
        defer { following.cancel() }
        if let waiting = try await questions().first { return waiting }
        let question = try await found.wait(for: "a question", within: limit) { $0 }
        await bus.close()
        return question
    }

    /// Everything that waits.
    func questions() async throws -> [QuestionKey] {
        let bus = try await session.bus.connect()
        let reply = try await bus.call(Self.name, Self.approval, Self.interface, "ListRequests")
        await bus.close()
        guard case .dictionary(_, _, let entries)? = reply.first else { return [] }
        return entries.compactMap { entry in
            entry.key.asString.map { QuestionKey(code: $0, details: entry.value.vardict ?? [:]) }
        }
    }
}
