// SPDX-License-Identifier: Apache-2.0

import BusInterface
import DBus
import DisplayText

/// What `keybell watch` asks of the daemon, and hears from it.
struct WatchBus: Sendable {
    let daemon: DaemonBus
    let exclusive: Bool

    /// Makes this program an agent, and asks what waits already.
    func join() async -> WatchInput {
        do throws(ConsoleError) {
            let options = Value.vardict([ApprovalInterface.AgentOption.exclusive: .boolean(exclusive)])
            try await daemon.call(
                ApprovalInterface.description,
                ApprovalInterface.registerAgent,
                [.string("keybell watch"), options]
            )
        } catch {
            return .joined(await waiting(), failure: error)
        }
        return .joined(await waiting(), failure: nil)
    }

    private func waiting() async -> [RequestDetails] {
        // If the daemon has just gone, its signals tell.
        (try? await daemon.requests(starts: false)) ?? []
    }

    /// Leaving the bus does the same; this keeps the status tidy until then, if the daemon answers at once.
    func leave() async {
        // A daemon that doesn't answer notices that this program has left the bus.
        _ = try? await daemon.call(
            ApprovalInterface.description,
            ApprovalInterface.unregisterAgent,
            timeout: .seconds(1),
            starts: false
        )
    }

    /// Confirms that a request is on the screen.
    func tellShown(_ code: String) async {
        let interface = ApprovalInterface.description
        // It may have ended by now; then its removal is on the way.
        _ = try? await daemon.call(interface, ApprovalInterface.shown, [.string(code)], starts: false)
    }

    /// Answers a request.
    func answer(_ code: String, _ decision: String, _ choices: AnswerChoices) async -> WatchInput {
        do throws(ConsoleError) {
            try await daemon.answer(code, decision, choices)
            return .answered(code: code, failure: nil)
        } catch {
            return .answered(code: code, failure: error)
        }
    }

    /// The daemon's signals; ends when the bus goes.
    func signals() async throws(ConsoleError) -> AsyncStream<Message> {
        do throws(DBusError) {
            return try await daemon.bus.signals(sender: KeybellBus.name, interface: ApprovalInterface.name)
        } catch {
            throw ConsoleError(error)
        }
    }

    /// Who is the daemon, now and whenever that changes.
    func owners() async throws(ConsoleError) -> AsyncStream<String?> {
        do throws(DBusError) {
            return try await daemon.bus.owners(of: KeybellBus.name)
        } catch {
            throw ConsoleError(error)
        }
    }

    /// What one of the signals means here; nil for nothing.
    static func event(_ message: Message) -> WatchState.Event? {
        guard let code = message.body.first?.asString, message.body.count == 2 else { return nil }
        switch message.member {
        case ApprovalInterface.requestAdded.name:
            return message.body[1].vardict.map { .added(RequestDetails(code: code, reading: $0)) }
        case ApprovalInterface.requestRemoved.name:
            guard let outcome = message.body[1].asString else { return nil }
            return .removed(code: PlainText.cleaned(code), outcome: PlainText.cleaned(outcome))
        case ApprovalInterface.answerKept.name:
            guard let trouble = message.body[1].asString, !trouble.isEmpty else { return nil }
            return .notKept(code: PlainText.cleaned(code), reason: PlainText.cleaned(trouble))
        case ApprovalInterface.answerFailed.name:
            guard let reason = message.body[1].asString else { return nil }
            return .notKept(
                code: PlainText.cleaned(code),
                reason: RequestDetails.failureSentence(PlainText.cleaned(reason))
            )
        default: return nil
        }
    }
}
