// SPDX-License-Identifier: Apache-2.0

import BusInterface
import ConcurrencyTools
import DBus
import DisplayText

/// Waits for a request to end; begun before whatever ends it.
struct RequestEnd: Sendable {
    let signals: AsyncStream<Message>
    let code: String

    /// How it ended; nil if it hasn't in time, or the daemon has gone.
    func outcome(within limit: Duration) async -> String? {
        // A deadline is the only error there is.
        try? await withDeadline(limit) {
            for await signal in signals where signal.body.first?.asString == code {
                return signal.body.last?.asString.map(PlainText.cleaned)
            }
            return nil
        }
    }
}

extension DaemonBus {
    /// Listens for the end of a request from now on.
    func end(of code: String) async throws(ConsoleError) -> RequestEnd {
        do throws(DBusError) {
            let signals = try await bus.signals(
                sender: KeybellBus.name,
                interface: ApprovalInterface.name,
                member: ApprovalInterface.requestRemoved.name
            )
            return RequestEnd(signals: signals, code: code)
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
