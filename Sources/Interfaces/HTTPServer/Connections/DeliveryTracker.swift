// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Operations
import Synchronization

/// Waits to learn what became of the answer just written.
///
/// The writing side expects a receipt; the connection's handler tells when the answer begins and settles it when the
/// answer has gone out, and the end of the connection when it never will. A peer can read all and then reset the
/// connection so that it looks as if it hadn't: ``DeliveryOutcome/notSent`` is said only where no byte of the body can
/// have gone out.
final class DeliveryTracker: Sendable {
    private struct State {
        var expected: EventLoopPromise<DeliveryOutcome>?
        /// Whether bytes of the expected answer's body may have gone out.
        var hasBegun = false
        /// Whether the connection's end is awaited.
        var isFollowing = false
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Begins to wait for the next answer.
    func expect(on channel: any Channel) -> EventLoopFuture<DeliveryOutcome> {
        expect(on: channel.eventLoop) { ended in
            channel.closeFuture.whenComplete { _ in ended() }
        }
    }

    /// The same, whatever tells of the connection's end.
    ///
    /// Once for all answers: waiters are kept until then, and a connection can carry any number of requests.
    func expect(
        on eventLoop: any EventLoop,
        following follow: (_ ended: @escaping @Sendable () -> Void) -> Void
    ) -> EventLoopFuture<DeliveryOutcome> {
        let promise = eventLoop.makePromise(of: DeliveryOutcome.self)
        let (isFirst, isClosed) = state.withLock { state in
            if !state.isClosed {
                state.expected = promise
                state.hasBegun = false
            }
            defer { state.isFollowing = true }
            return (!state.isFollowing, state.isClosed)
        }
        if isClosed { promise.succeed(.notSent) }
        if isFirst { follow { self.close() } }
        return promise.futureResult
    }

    /// Hears of an answer's head: once the kernel has all of it, it may have some of the body, too.
    ///
    /// - Parameters:
    ///   - head: When the kernel has it.
    ///   - isEncrypted: Whether head and body go out as one, so that nothing is known of where one ends.
    func begin(by head: EventLoopFuture<Void>, isEncrypted: Bool) {
        guard !isEncrypted else { return begin() }
        head.whenSuccess { self.begin() }
    }

    private func begin() {
        state.withLock { $0.hasBegun = true }
    }

    /// Settles it once the answer's last byte has been handed to the kernel.
    func settle(by end: EventLoopFuture<Void>, on channel: any Channel) {
        // Over loopback, a peer that has gone usually refuses the bytes within the very call that sends them; but so
        // does one that has already read them and then resets the connection.
        settle(by: end) { channel.getOption(.socketOption(.so_error)).map { $0 == 0 } }
    }

    /// The same, whatever tells whether the peer is there.
    func settle(
        by end: EventLoopFuture<Void>,
        looking isThere: @escaping @Sendable () -> EventLoopFuture<Bool>
    ) {
        guard let promise = take() else { return }
        end.flatMap { isThere().map { $0 ? .arrived : .uncertain }.recover { _ in .uncertain } }
            .recover { _ in self.outcomeOfFailure }
            .cascade(to: promise)
    }

    private func close() {
        state.withLock { $0.isClosed = true }
        take()?.succeed(outcomeOfFailure)
    }

    private var outcomeOfFailure: DeliveryOutcome { state.withLock(\.hasBegun) ? .uncertain : .notSent }

    private func take() -> EventLoopPromise<DeliveryOutcome>? {
        state.withLock { state in
            defer { state.expected = nil }
            return state.expected
        }
    }
}
