// SPDX-License-Identifier: Apache-2.0

import Approval

/// The one notification that counts the requests beyond the first few.
struct Tally: Sendable {
    enum Phase: Sendable {
        case none
        case posting(ticket: UInt64)
        case visible
    }

    var phase = Phase.none
    /// The last notification; it is replaced while it stands.
    var id: UInt32?
    var peer: String?
    /// The codes that it has told of.
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
    /// What it counts: nothing where the server keeps all but one back, for there it would stand in their way.
    private var countedCodes: [String] {
        queues ? [] : bubbles.filter(\.isCounted).map(\.request.code)
    }

    mutating func placeTally(now: Instant) -> [BoardAction] {
        let codes = countedCodes
        guard tally.ticket == nil else { return [] }
        guard !codes.isEmpty else {
            defer { tally = Tally() }
            guard let id = tally.id, let peer = tally.peer else { return [] }
            disturb(now: now)
            return [.close(id: id, peer: peer)]
        }
        let isNews = tally.id == nil ? !Set(codes).isSubset(of: tally.told) : codes != tally.told
        guard isNews else { return [] }
        let ticket = newTicket()
        tally.phase = .posting(ticket: ticket)
        return [.post(ticket: ticket)]
    }

    mutating func composeTally(on server: NotificationServer) -> Note? {
        let codes = countedCodes
        guard !codes.isEmpty else {
            tally.phase = .none
            return nil
        }
        tally.told = codes
        let isSame = tally.peer == server.peer
        return Note(counting: codes, on: server, replaces: isSame ? tally.id ?? 0 : 0)
    }

    mutating func tallyPosted(id: UInt32, by peer: String, now: Instant) -> [BoardAction] {
        guard !departed.contains(peer) else {
            tally = Tally()
            return placeTally(now: now)
        }
        tally.phase = .visible
        tally.id = id
        tally.peer = peer
        return placeTally(now: now)
    }
}
