// SPDX-License-Identifier: Apache-2.0

import Approval
import ConcurrencyTools
import DBus
import Synchronization

/// Follows the agents' connections, so that an agent that leaves the bus is one no more.
///
/// One watch for each connection, however often it registers.
final class AgentWatch: Sendable {
    private let bus: BusConnection
    private let approvals: ApprovalBroker
    private let watches = Mutex<[String: Task<Void, Never>]>([:])

    init(bus: BusConnection, approvals: ApprovalBroker) {
        self.bus = bus
        self.approvals = approvals
    }

    /// What is needed to watch a connection: whether it is on the bus, from now on.
    func presence(of peer: String) async throws(DBusError) -> AsyncStream<String?> {
        try await bus.owners(of: peer)
    }

    /// Watches a connection; the agent of one that has left already is removed at once.
    func watch(_ peer: String, _ owners: AsyncStream<String?>) {
        let watch = Task(executorPreference: MainLoop.executor) { [approvals, weak self] in
            // Ends when the agent leaves the bus, or the bus itself goes.
            for await owner in owners where owner == nil { break }
            guard !Task.isCancelled else { return }
            await approvals.unregister(peer: peer)
            self?.end(peer)
        }
        // Of several registrations the first one's watch stays.
        let isSecond = watches.withLock { watches in
            guard watches[peer] == nil else { return true }
            watches[peer] = watch
            return false
        }
        if isSecond { watch.cancel() }
    }

    func end(_ peer: String) {
        watches.withLock { $0.removeValue(forKey: peer) }?.cancel()
    }
}
