// SPDX-License-Identifier: Apache-2.0

import Linux
import NIOCore
import SecureMemory
import Synchronization

/// The bodies of one connection's requests, between the connection's handler, which fills them, and the requests'
/// tasks, which take them.
///
/// A body is copied out of the server's buffers, which are then wiped, and is itself wiped when it has been read or
/// nobody wants it.
final class RequestBodies: Sendable {
    private struct State {
        /// One for each request whose answer isn't written, the oldest first.
        var bodies: [Body] = []
        var held = 0
        var isWaiting = false
        var hasPlace = false

        /// Drops the newest body, unless that has been done.
        mutating func refuseNewest(as refusal: HTTPRefusal) -> Bool {
            guard let newest = bodies.indices.last, bodies[newest].refusal == nil else { return false }
            bodies[newest].refusal = refusal
            held -= bodies[newest].bytes.count
            bodies[newest].bytes.wipe()
            return true
        }
    }

    private struct Body {
        var bytes = WipedBytes()
        /// Why nothing more of it is taken.
        var refusal: HTTPRefusal?
        var isLong = false
    }

    private let budget: BodyBudget
    private let longest: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - budget: What all connections have together.
    ///   - longest: The longest body that is taken.
    init(budget: BodyBudget, longest: Int) {
        self.budget = budget
        self.longest = longest
    }

    deinit {
        budget.giveBack(self)
    }

    /// Whether more of the body that is being read may be taken.
    var mayGrow: Bool { state.withLock { $0.held <= BodyBudget.share || $0.hasPlace } }

    /// Whether a place is held for a long body.
    var hasPlace: Bool { state.withLock { $0.hasPlace } }

    /// A request has begun.
    func begin() {
        state.withLock { $0.bodies.append(Body()) }
    }

    /// Takes a part of the newest request's body out of a buffer, and wipes it there.
    ///
    /// - Returns: Whether the body has just become too long; what comes of it from then on is dropped.
    func take(_ buffer: ByteBuffer) -> Bool {
        unsafe buffer.withUnsafeReadableBytes { part in
            state.withLock { state in
                // A peer that has shut down its sending side is read to its end, with or without a place.
                let room = state.hasPlace ? longest : 4 * BodyBudget.share - state.held
                guard let newest = state.bodies.indices.last, state.bodies[newest].refusal == nil,
                    state.bodies[newest].bytes.count + part.count <= longest,
                    part.count <= room
                else {
                    unsafe wipe(part)
                    return state.refuseNewest(as: .tooLarge)
                }
                unsafe state.bodies[newest].bytes.takeOver(part)
                state.held += part.count
                if state.bodies[newest].bytes.count > BodyBudget.share { state.bodies[newest].isLong = true }
                return false
            }
        }
    }

    /// Drops the newest body, and what comes of it from now on.
    ///
    /// - Returns: Whether it wasn't dropped already.
    func refuseNewest(as refusal: HTTPRefusal) -> Bool {
        state.withLock { $0.refuseNewest(as: refusal) }
    }

    /// Asks for a place for a long body, unless there is no need or it has been asked for.
    ///
    /// - Parameters:
    ///   - granted: Called, from anywhere, when more may be taken in.
    ///   - lost: Called, from anywhere, when the place is needed by others before the body is complete: then `endAll`
    ///     has to be called.
    func askForRoom(granted: @escaping @Sendable () -> Void, lost: @escaping @Sendable () -> Void) {
        let isNeeded = state.withLock { state in
            guard state.held > BodyBudget.share, !state.isWaiting, !state.hasPlace else { return false }
            state.isWaiting = true
            return true
        }
        guard isNeeded else { return }
        let settle: @Sendable () -> Void = { [weak self] in
            self?.state.withLock { ($0.isWaiting, $0.hasPlace) = (false, true) }
        }
        let hasPlace = budget.ask(
            self,
            granted: {
                settle()
                granted()
            },
            lost: lost
        )
        if hasPlace { settle() }
    }

    /// The oldest request's body, once it is complete, or why it wasn't taken.
    ///
    /// It counts as held until its bytes are gone: it may have to wait for those before it to be read.
    func takeOldest() -> Result<WipedBytes, HTTPRefusal> {
        state.withLock { state in
            guard let body = state.bodies.first else { return .failure(.tooLarge) }
            if let refusal = body.refusal { return .failure(refusal) }
            state.bodies[0].bytes = WipedBytes()
            let count = body.bytes.count
            body.bytes.whenGone { [self] in
                self.state.withLock { $0.held -= count }
                giveBackWhatIsNotNeeded()
            }
            return .success(body.bytes)
        }
    }

    /// The oldest request has its answer: what nobody has taken of its body is dropped.
    func endOldest() {
        let isLong = state.withLock { state in
            guard !state.bodies.isEmpty else { return false }
            let body = state.bodies.removeFirst()
            state.held -= body.bytes.count
            body.bytes.wipe()
            return body.isLong
        }
        giveBackWhatIsNotNeeded()
        // What was made of it is gone as well.
        if isLong { FreedMemory.giveBackSoon() }
    }

    /// Drops everything.
    func endAll() {
        while state.withLock({ !$0.bodies.isEmpty }) { endOldest() }
    }

    private func giveBackWhatIsNotNeeded() {
        let isOver = state.withLock { state in
            guard state.held <= BodyBudget.share, state.isWaiting || state.hasPlace else { return false }
            (state.isWaiting, state.hasPlace) = (false, false)
            return true
        }
        if isOver { budget.giveBack(self) }
    }
}
