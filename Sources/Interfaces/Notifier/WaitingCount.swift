// SPDX-License-Identifier: Apache-2.0

import Approval

/// The one notification that counts the requests beyond the first few.
struct WaitingCount: Sendable {
    enum Phase: Sendable {
        case none
        case posting(ticket: UInt64)
        case visible
    }

    var phase = Phase.none
    /// The last notification; it is replaced while it stands.
    var id: UInt32?
    var peer: String?
    /// The codes that it has counted.
    var told: [String] = []

    var ticket: UInt64? {
        guard case .posting(let ticket) = phase else { return nil }
        return ticket
    }

    /// The person has read it; only a new code brings it back.
    mutating func wasClosed() {
        id = nil
        peer = nil
        if ticket == nil { phase = .none }
    }
}

extension NotificationState {
    /// What it counts: nothing if the server holds back all but one, for there it would stand in their way.
    private var countedCodes: [String] {
        queues ? [] : notifications.filter(\.isCounted).map(\.request.code)
    }

    mutating func placeWaitingCount(now: Instant) -> [NotificationEffect] {
        let codes = countedCodes
        guard waitingCount.ticket == nil else { return [] }
        guard !codes.isEmpty else {
            defer { waitingCount = WaitingCount() }
            guard let id = waitingCount.id, let peer = waitingCount.peer else { return [] }
            disturb(now: drawnNext(now: now))
            return [.close(id: id, peer: peer)]
        }
        let isNews =
            waitingCount.id == nil ? !Set(codes).isSubset(of: waitingCount.told) : codes != waitingCount.told
        guard isNews else { return [] }
        let ticket = newTicket()
        waitingCount.phase = .posting(ticket: ticket)
        return [.post(ticket: ticket)]
    }

    mutating func composeWaitingCount(on server: NotificationServer) -> NotifyCall? {
        let codes = countedCodes
        guard !codes.isEmpty else {
            waitingCount.phase = .none
            return nil
        }
        waitingCount.told = codes
        let isSame = waitingCount.peer == server.peer
        return NotifyCall(counting: codes, on: server, replaces: isSame ? waitingCount.id ?? 0 : 0)
    }

    mutating func waitingCountPosted(id: UInt32, by peer: String, now: Instant) -> [NotificationEffect] {
        guard !departed.contains(peer) else {
            waitingCount = WaitingCount()
            return placeWaitingCount(now: now)
        }
        waitingCount.phase = .visible
        waitingCount.id = id
        waitingCount.peer = peer
        return placeWaitingCount(now: now)
    }
}
