// SPDX-License-Identifier: Apache-2.0

import Callers

/// Who was served under each client's Id lately, ended or not: none of them may widen what that client gets.
struct ClientUsers: Sendable {
    /// How many are kept of one client, and of how many clients.
    static let (mostUsers, mostClients) = (8, 256)

    /// The one used last comes last.
    private var users: [(id: String, callers: [Caller])] = []

    /// Somebody was served under an Id.
    mutating func note(_ caller: Caller, as id: String) {
        guard !caller.askers.isEmpty else { return }
        if let last = users.last, last.id == id, last.callers.last?.holders == caller.holders { return }
        var callers: [Caller] = []
        if let place = users.firstIndex(where: { $0.id == id }) { callers = users.remove(at: place).callers }
        callers.removeAll { $0.holders == caller.holders }
        users.append((id, callers.suffix(Self.mostUsers - 1) + [caller]))
        if users.count > Self.mostClients { users.removeFirst() }
    }

    /// Those of an Id.
    func callers(of id: String) -> [Caller] { users.first { $0.id == id }?.callers ?? [] }
}
