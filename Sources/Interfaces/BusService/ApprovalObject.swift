// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import BusInterface
import Callers
import ConcurrencyTools
import DBus
import DisplayText
import Vault

/// `org.keybell.Approval1`: what waits, and its answers.
struct ApprovalObject: Sendable {
    let agents: AgentWatch
    let approvals: ApprovalBroker
    let callers: BusCallers
    let audit: BatchRecorder
    let vaults: CurrentValue<[any VaultStore]>

    static let path = ObjectPath(constant: ApprovalInterface.path)

    var exported: ExportedObject {
        let interface = ExportedInterface(
            ApprovalInterface.description,
            methods: [
                (ApprovalInterface.listRequests, listRequests),
                (ApprovalInterface.listRecent, listRecent),
                (ApprovalInterface.listAgents, listAgents),
                (ApprovalInterface.countQueued, countQueued),
                (ApprovalInterface.answer, answer),
                (ApprovalInterface.unmute, unmute),
                (ApprovalInterface.registerAgent, registerAgent),
                (ApprovalInterface.unregisterAgent, unregisterAgent),
                (ApprovalInterface.shown, shown),
                (ApprovalInterface.getEntries, getEntries),
            ],
            properties: [
                (ApprovalInterface.agents, readAgents), (ApprovalInterface.pendingCount, readPendingCount),
            ]
        )
        return ExportedObject(path: Self.path, interfaces: [interface])
    }

    // MARK: Reading

    private func listRequests(_ call: MethodCall) async throws(DBusError) -> [Value] {
        try await callers.unsandboxed(call.sender)
        return [.detailsByCode(await approvals.pending().map { (code: $0.code, details: $0.details) })]
    }

    private func listRecent(_ call: MethodCall) async throws(DBusError) -> [Value] {
        try await callers.unsandboxed(call.sender)
        return [.detailsByCode(await approvals.recent().map { (code: $0.request.code, details: $0.details) })]
    }

    private func countQueued(_ call: MethodCall) async throws(DBusError) -> [Value] {
        try await callers.unsandboxed(call.sender)
        return [.uint32(UInt32(clamping: await approvals.queuedCount))]
    }

    private func listAgents(_ call: MethodCall) async throws(DBusError) -> [Value] {
        typealias Key = ApprovalInterface.Agent
        try await callers.unsandboxed(call.sender)
        let agents = await approvals.agents().map { agent in
            Value.vardict([
                Key.name: .string(agent.name),
                Key.executable: .string(agent.executable),
                Key.exclusive: .boolean(agent.isExclusive),
                Key.shown: .boolean(agent.record.hasShown),
                Key.answered: .uint32(agent.record.answered),
                Key.expired: .uint32(agent.record.expired),
            ])
        }
        return [.array("a{sv}", agents)]
    }

    private func readAgents(_ sender: String) async throws(DBusError) -> Value {
        try await callers.unsandboxed(sender)
        return .strings(await approvals.agents().map(\.name))
    }

    private func readPendingCount(_ sender: String) async throws(DBusError) -> Value {
        try await callers.unsandboxed(sender)
        return await pendingCount()
    }

    func pendingCount() async -> Value {
        .uint32(UInt32(clamping: await approvals.pending().count))
    }

    private func getEntries(_ call: MethodCall) async throws(DBusError) -> [Value] {
        try await callers.unsandboxed(call.sender)
        let code = call.body.first?.asString ?? ""
        let from = call.body.last?.asUInt32 ?? 0
        do throws(AnswerError) {
            return [.entries(try await approvals.entries(of: code, from: from))]
        } catch {
            throw DBusError(error)
        }
    }

    // MARK: Answering

    private func answer(_ call: MethodCall) async throws(DBusError) -> [Value] {
        let answerer = try await callers.unsandboxed(call.sender)
        let code = call.body.first?.asString ?? ""
        let word = call.body.dropFirst().first?.asString ?? ""
        let fields = call.body.last?.vardict ?? [:]
        let effect: AnswerEffect
        do throws(AnswerError) {
            let choices = try Choices(reading: fields.mapValues(ChoiceValue.init))
            if let mistake = choices.restriction?.mistake(among: vaults.value) {
                throw .invalidAnswer(mistake)
            }
            effect = try await approvals.answer(
                code: code,
                decision: Decision(reading: word),
                choices: choices,
                through: callers.surface(of: answerer)
            )
        } catch {
            throw DBusError(error)
        }
        switch effect {
        case .notKept(let sentences):
            throw DBusError(name: KeybellBusError.unavailable, message: sentences)
        case .endedQuiet:
            await audit([(.unmuted, [.code: RequestCode.normalized(code), .by: answerer.shownExecutable])])
            return []
        case .decided, .needsConfirmation: return []
        }
    }

    private func unmute(_ call: MethodCall) async throws(DBusError) -> [Value] {
        let answerer = try await callers.uninvolved(call.sender)
        let name = call.body.first?.asString ?? ""
        let programs = await approvals.unmute(name)
        guard name.isEmpty || !programs.isEmpty else {
            throw .notFound(
                "No program is muted by the name or code \(PlainText.quoted(name)): `keybell status` lists them."
            )
        }
        await audit(programs.map { (.unmuted, [.program: $0, .by: answerer.shownExecutable]) })
        if !programs.isEmpty, await !approvals.staysUnmuted() {
            throw DBusError(
                name: KeybellBusError.unavailable,
                message:
                    "\(programs.joined(separator: ", ")) is muted no more while Keybell runs, but is again after a restart: mutes.json in the state folder can't be written."
            )
        }
        return [.strings(programs)]
    }

    // MARK: Agents

    private func registerAgent(_ call: MethodCall) async throws(DBusError) -> [Value] {
        let answerer = try await callers.unsandboxed(call.sender)
        let name = call.body.first?.asString ?? ""
        let isExclusive = try Self.isExclusive(call.body.last?.vardict ?? [:])
        // First, so that nobody is an agent whose leaving would go unnoticed.
        let presence = try await agents.presence(of: call.sender)
        do throws(AgentError) {
            try await approvals.register(
                agent: name,
                peer: call.sender,
                isExclusive: isExclusive,
                by: answerer
            )
        } catch {
            throw DBusError(error)
        }
        // After the broker knows it: an agent that has gone in the meantime is then taken off again.
        agents.watch(call.sender, presence)
        return []
    }

    /// Reads an agent's options; who mistypes one hears of it.
    private static func isExclusive(_ options: [String: Value]) throws(DBusError) -> Bool {
        let known = ApprovalInterface.AgentOption.exclusive
        guard options.keys.allSatisfy({ $0 == known }) else {
            throw .invalidArgs("The only option of an agent is \(known).")
        }
        guard let value = options[known] else { return false }
        guard let isExclusive = value.asBool else { throw .invalidArgs("\(known) must be a boolean.") }
        return isExclusive
    }

    private func unregisterAgent(_ call: MethodCall) async throws(DBusError) -> [Value] {
        try await callers.unsandboxed(call.sender)
        agents.end(call.sender)
        await approvals.unregister(peer: call.sender)
        return []
    }

    private func shown(_ call: MethodCall) async throws(DBusError) -> [Value] {
        try await callers.unsandboxed(call.sender)
        do throws(AnswerError) {
            try await approvals.shown(code: call.body.first?.asString ?? "", by: call.sender)
        } catch {
            throw DBusError(error)
        }
        return []
    }
}

extension ChoiceValue {
    fileprivate init(_ value: Value) {
        if let text = value.asString {
            self = .text(text)
        } else if let texts = value.asStrings {
            self = .list(texts)
        } else if let number = value.asUInt32 {
            self = .number(number)
        } else {
            self = .other
        }
    }
}
