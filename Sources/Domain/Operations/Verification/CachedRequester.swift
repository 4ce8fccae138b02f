// SPDX-License-Identifier: Apache-2.0

import Callers
import Synchronization

/// Who sends one request, looked up once for all that is done about it.
///
/// One is made for each request. What ``caller()`` has found holds until the request has waited, for the person or for
/// its turn: after that the connection may be another program's.
final class CachedRequester: Sendable {
    private let requester: any Requester
    private let found = Mutex<Caller?>(nil)
    private let counted = Mutex(false)

    /// Nobody has been looked up yet.
    init(_ requester: any Requester) {
        self.requester = requester
    }

    /// Whether the peer can still take an answer.
    var isThere: Bool { requester.isThere }

    /// Who asks, for what needs no question: a grant, a limit, a record.
    func caller() async -> Caller {
        if let known = found.withLock({ $0 }) { return known }
        let caller = await requester.caller()
        found.withLock { $0 = caller }
        return caller
    }

    /// Who asks, looked up anew, for a question, which means a wait.
    func asker() async -> Caller {
        hasWaited()
        return await requester.asker()
    }

    /// Who asked, as it was found out last, for a record.
    func sender() async -> Caller {
        await requester.sender()
    }

    /// Whether the request is counted as denied unseen, which happens once, however often that is found out.
    var isCounted: Bool { counted.withLock { $0 } }

    /// The request is counted as denied unseen.
    func noteCounted() {
        counted.withLock { $0 = true }
    }

    /// Whoever was found may have given the connection away meanwhile.
    func hasWaited() {
        found.withLock { $0 = nil }
    }
}
