// SPDX-License-Identifier: Apache-2.0

import BusInterface
import ConcurrencyTools
import DBus
import DisplayText

/// Waits for what comes of an allow that has to be confirmed; begun before the allow.
struct RequestEnd: Sendable {
    /// What has come of it.
    enum Ending: Equatable, Sendable {
        /// The request has ended: `allowed`, `denied`, …
        case ended(String)
        /// The allow could not be confirmed, and the request goes on waiting; the sentence says why.
        case unconfirmed(String)
        /// The daemon has ended, and its requests with it.
        case daemonGone
    }

    let signals: AsyncStream<Message>
    /// The daemon's unique name, each time that it is another one; begins with the one that it has.
    let owners: AsyncStream<String?>
    let code: String

    /// What has come of it; nil if nothing has in time.
    func ending(within limit: Duration) async -> Ending? {
        // A deadline is the only error there is.
        try? await withDeadline(limit) {
            await withTaskGroup(of: Ending.self) { group in
                group.addTask {
                    for await signal in signals {
                        if let ending = Self.ending(signal, of: code) { return ending }
                    }
                    return .daemonGone
                }
                group.addTask {
                    for await owner in owners where owner == nil { break }
                    return .daemonGone
                }
                defer { group.cancelAll() }
                return await group.next() ?? .daemonGone
            }
        }
    }

    /// Returns once the answer is kept or isn't going to be, or nothing tells of it in time.
    func kept(within limit: Duration) async {
        // A deadline is the only error there is; how long the answer holds is asked then as it is.
        try? await withDeadline(limit) {
            for await signal in signals {
                let isTold = signal.member == ApprovalInterface.answerKept.name
                if isTold, signal.body.first?.asString == code { return }
            }
        }
    }

    static func ending(_ signal: Message, of code: String) -> Ending? {
        guard signal.body.count == 2, signal.body[0].asString == code else { return nil }
        switch signal.member {
        case ApprovalInterface.requestRemoved.name:
            return signal.body[1].asString.map { .ended(PlainText.cleaned($0)) }
        case ApprovalInterface.requestAdded.name:
            let members = signal.body[1].vardict ?? [:]
            return RequestDetails(code: code, reading: members).confirmationTrouble.map { .unconfirmed($0) }
        default: return nil
        }
    }
}

extension DaemonBus {
    /// Listens for what comes of a request from now on.
    func end(of code: String) async throws(ConsoleError) -> RequestEnd {
        do throws(DBusError) {
            let signals = try await bus.signals(
                sender: KeybellBus.name,
                interface: ApprovalInterface.name
            )
            let owners = try await bus.owners(of: KeybellBus.name)
            return RequestEnd(signals: signals, owners: owners, code: code)
        } catch {
            throw ConsoleError(error)
        }
    }
}

extension RequestDetails {
    /// How many seconds are left to answer it, and a few for the answer to come.
    var timeLeft: UInt64 {
        let now = Moment.now()
        return (deadline > now ? deadline - now : 0) + 5
    }
}
