// SPDX-License-Identifier: Apache-2.0

import Callers
import Synchronization

/// Who sends one request, looked up once for all that is done about it.
///
/// One is made for each request. What ``caller()`` has found holds until the request has waited, for the person or for
/// its turn: after that the connection may be another program's. For a record it holds for longer, see ``sender()``.
///
/// What is known of a connection, from one of its requests to the next, is the requester's own business.
final class CachedRequester: Sendable {
    private struct State {
        /// Whom the last look has found.
        var last: Caller?
        /// Whether the request hasn't waited since.
        var isCurrent = false
        var isCounted = false
    }

    private let requester: any Requester
    private let state = Mutex(State())

    /// Nobody has been looked up yet.
    init(_ requester: any Requester) {
        self.requester = requester
    }

    /// Whether the peer can still take an answer.
    var isThere: Bool { requester.isThere }

    /// Who asks, for what needs no question: a grant, a limit, a record.
    func caller() async -> Caller {
        if let known = state.withLock({ $0.isCurrent ? $0.last : nil }) { return known }
        return note(await requester.caller(), isCurrent: true)
    }

    /// Who asks, looked up anew, for a question, which means a wait.
    func asker() async -> Caller {
        hasWaited()
        return note(await requester.asker(), isCurrent: false)
    }

    /// Who asked, as it was found out last, for a record: by now its program may be gone.
    ///
    /// It is looked up if that wasn't done yet.
    func sender() async -> Caller {
        if let last = state.withLock({ $0.last }) { return last }
        return note(await requester.caller(), isCurrent: false)
    }

    private func note(_ caller: Caller, isCurrent: Bool) -> Caller {
        state.withLock { state in
            state.isCurrent = isCurrent
            // A decision outlives the connection: whoever has hung up since is still the one who asked.
            if caller.hasLeft, let known = state.last, known.isKnown { return known }
            state.last = caller
            return caller
        }
    }

    /// Whether the request is counted as denied unseen, which happens once, however often that is found out.
    var isCounted: Bool { state.withLock { $0.isCounted } }

    /// The request is counted as denied unseen.
    func noteCounted() {
        state.withLock { $0.isCounted = true }
    }

    /// Whoever was found may have given the connection away meanwhile.
    func hasWaited() {
        state.withLock { $0.isCurrent = false }
    }
}
