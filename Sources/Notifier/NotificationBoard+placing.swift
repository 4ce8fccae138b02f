// SPDX-License-Identifier: Apache-2.0

import Approval

/// A request on the board.
struct Bubble: Sendable {
    enum Phase: Sendable {
        /// Has no notification yet.
        case unplaced
        /// Counted with others in one notification.
        case counted
        /// On its way to the server, which at that time was this one as far as known.
        case posting(ticket: UInt64, to: String?)
        /// On the screen.
        case visible(Shown)
        /// Closed without an answer; a press that was made before may still be told.
        case closed(Shown, denialDue: NotificationBoard.Instant?)
        /// No server took it, or the server has gone.
        case lost
        /// Answered by a press; what follows is ignored.
        case answered
    }

    let request: PendingRequest
    var phase = Phase.unplaced
    var keys: [Press: String] = [:]
    var attempt = 0
    /// Whether it has stood on a screen, for all that the server says.
    var wasSeen = false

    init(request: PendingRequest) {
        self.request = request
    }

    var ticket: UInt64? {
        guard case .posting(let ticket, _) = phase else { return nil }
        return ticket
    }

    var shown: Shown? {
        switch phase {
        case .visible(let shown), .closed(let shown, _): shown
        default: nil
        }
    }

    var denialDue: NotificationBoard.Instant? {
        guard case .closed(_, let due) = phase else { return nil }
        return due
    }

    func isShown(as id: UInt32, by peer: String) -> Bool {
        shown?.id == id && shown?.peer == peer
    }

    /// Whether it takes one of the few places on the screen.
    var isOnScreen: Bool {
        switch phase {
        case .posting, .visible: true
        default: false
        }
    }

    var isCounted: Bool {
        guard case .counted = phase else { return false }
        return true
    }

    var isPlaceable: Bool {
        switch phase {
        case .unplaced, .counted: true
        default: false
        }
    }
}

/// A notification as its server knows it.
struct Shown: Sendable, Equatable {
    let id: UInt32
    let peer: String
    let since: NotificationBoard.Instant
}

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

extension NotificationBoard {
    /// Everything that a server shows now.
    var onScreen: [(id: UInt32, peer: String)] {
        let asked = bubbles.compactMap { bubble -> (UInt32, String)? in
            guard case .visible(let shown) = bubble.phase else { return nil }
            return (shown.id, shown.peer)
        }
        guard let id = tally.id, let peer = tally.peer else { return asked }
        return asked + [(id, peer)]
    }

    /// The codes that a person could have read.
    var seen: Set<String> {
        Set(bubbles.filter { $0.wasSeen || ($0.isCounted && tally.id != nil) }.map(\.request.code))
    }

    private var countedCodes: [String] {
        bubbles.filter(\.isCounted).map(\.request.code)
    }

    /// Gives the first few requests a notification each and counts the others in one.
    mutating func place() -> [BoardAction] {
        var actions: [BoardAction] = []
        for index in bubbles.indices where bubbles[index].isPlaceable {
            guard bubbles.count(where: \.isOnScreen) < limits.notifications else {
                bubbles[index].phase = .counted
                continue
            }
            let ticket = newTicket()
            bubbles[index].phase = .posting(ticket: ticket, to: peer)
            actions.append(.post(ticket: ticket))
        }
        return actions + placeTally()
    }

    /// The owner of the service's name has changed: a new server is shown everything that waits.
    mutating func serverChanged(to new: String?) -> [BoardAction] {
        if let old = peer, old != new { departed.insert(old) }
        peer = new
        if tally.peer != new {
            tally = Tally(phase: tally.ticket == nil ? .none : tally.phase)
        }
        for index in bubbles.indices {
            switch bubbles[index].phase {
            case .visible(let shown) where shown.peer != new,
                .closed(let shown, nil) where shown.peer != new:
                // The same text may be taken for a double by a server that has kept its history.
                bubbles[index].attempt += 1
                bubbles[index].phase = .lost
            default: break
            }
        }
        guard new != nil else { return [] }
        hasToldMissing = false
        hasToldHidden = false
        for index in bubbles.indices {
            if case .lost = bubbles[index].phase { bubbles[index].phase = .unplaced }
        }
        return place()
    }

    private mutating func placeTally() -> [BoardAction] {
        let codes = countedCodes
        guard tally.ticket == nil else { return [] }
        guard !codes.isEmpty else {
            defer { tally = Tally() }
            guard let id = tally.id, let peer = tally.peer else { return [] }
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

    mutating func tallyPosted(id: UInt32, by peer: String) -> [BoardAction] {
        guard !departed.contains(peer) else {
            tally = Tally()
            return placeTally()
        }
        tally.phase = .visible
        tally.id = id
        tally.peer = peer
        return placeTally()
    }
}
