// SPDX-License-Identifier: Apache-2.0

import Linux
import NIOCore
import SecureMemory
import Synchronization

/// The body of the request that a connection is at.
///
/// It is copied out of the server's buffers, which are wiped behind it, and is itself wiped when it has been read or
/// nobody wants it.
final class RequestBody: Sendable {
    private struct State {
        var bytes = WipedBytes()
        /// Why nothing more of it is taken.
        var refusal: HTTPRefusal?
        /// How many bytes there are, those that were taken and aren't gone yet among them.
        var held = 0
        var isLong = false
        var isWaiting = false
        var hasPlace = false

        /// Whether a place for a long body is needed and hasn't been asked for.
        var needsRoom: Bool { held > HTTPLimits.bodyShare && !isWaiting && !hasPlace }

        /// Drops it, unless that has been done.
        mutating func refuse(as refusal: HTTPRefusal) {
            guard self.refusal == nil else { return }
            self.refusal = refusal
            drop()
        }

        mutating func drop() {
            held -= bytes.count
            bytes.wipe()
            bytes = WipedBytes()
        }
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

    /// Whether more of it may be taken in.
    var mayGrow: Bool { state.withLock { $0.held <= HTTPLimits.bodyShare || $0.hasPlace } }

    /// Whether a place is held for a long body.
    var hasPlace: Bool { state.withLock { $0.hasPlace } }

    /// Whether there is something to ask for.
    var needsRoom: Bool { state.withLock { $0.needsRoom } }

    /// Why it isn't taken.
    var refusal: HTTPRefusal? { state.withLock { $0.refusal } }

    /// Takes a part of it out of a buffer, and wipes it there; what comes after it has become too long is dropped.
    func take(_ buffer: ByteBuffer) {
        unsafe buffer.withUnsafeReadableBytes { part in
            state.withLock { state in
                // A peer that has shut down its sending side is read to its end, with or without a place.
                let room = state.hasPlace ? longest : 2 * HTTPLimits.bodyShare - state.held
                let isTooLong = state.bytes.count + part.count > longest
                guard state.refusal == nil, !isTooLong, part.count <= room else {
                    unsafe wipe(part)
                    state.refuse(as: isTooLong ? .tooLarge : .tooMuchAtOnce)
                    return
                }
                unsafe state.bytes.takeOver(part)
                state.held += part.count
                if state.bytes.count > HTTPLimits.bodyShare { state.isLong = true }
            }
        }
    }

    /// Drops it, and what comes of it from now on.
    func refuse(as refusal: HTTPRefusal) {
        state.withLock { $0.refuse(as: refusal) }
    }

    /// Asks for a place for a long body, unless there is no need or it has been asked for.
    ///
    /// - Parameters:
    ///   - granted: Called, from anywhere, when more may be taken in.
    ///   - lost: Called, from anywhere, when the place is needed by others before the body is complete: then `end` has
    ///     to be called.
    func askForRoom(granted: @escaping @Sendable () -> Void, lost: @escaping @Sendable () -> Void) {
        let isNeeded = state.withLock { state in
            guard state.needsRoom else { return false }
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

    /// The whole of it, once it is complete.
    ///
    /// It counts as held until its bytes are gone: it may have to wait for others to be read.
    func takeWhole() -> WipedBytes {
        state.withLock { state in
            let bytes = state.bytes
            state.bytes = WipedBytes()
            let count = bytes.count
            if count > 0 {
                bytes.whenGone { [self] in
                    self.state.withLock { $0.held -= count }
                    giveBackWhatIsNotNeeded()
                }
            }
            return bytes
        }
    }

    /// The request has its answer: what nobody has taken is dropped, and the next one's may come.
    func end() {
        let isLong = state.withLock { state in
            state.drop()
            defer { (state.refusal, state.isLong) = (nil, false) }
            return state.isLong
        }
        giveBackWhatIsNotNeeded()
        // What was made of it is gone as well.
        if isLong { FreedMemory.giveBackSoon() }
    }

    private func giveBackWhatIsNotNeeded() {
        let isOver = state.withLock { state in
            guard state.held <= HTTPLimits.bodyShare, state.isWaiting || state.hasPlace else { return false }
            (state.isWaiting, state.hasPlace) = (false, false)
            return true
        }
        if isOver { budget.giveBack(self) }
    }
}
