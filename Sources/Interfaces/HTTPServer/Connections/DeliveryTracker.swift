// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// Where one waits to hear whether the answer just written went out to a peer that was still there.
///
/// The writing side expects a receipt, the connection's handler settles it when the answer has gone out, and the end
/// of the connection when it never will.
final class DeliveryTracker: Sendable {
    private struct State {
        var expected: EventLoopPromise<Bool>?
        /// Whether the connection's end is awaited.
        var isFollowing = false
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Begins to wait for the next answer.
    func expect(on channel: any Channel) -> EventLoopFuture<Bool> {
        expect(on: channel.eventLoop) { ended in
            channel.closeFuture.whenComplete { _ in ended() }
        }
    }

    /// The same, whatever tells of the connection's end.
    ///
    /// Once for all answers: who waits for it is kept until then, and a connection can carry any number of requests.
    func expect(
        on eventLoop: any EventLoop,
        following follow: (_ ended: @escaping @Sendable () -> Void) -> Void
    ) -> EventLoopFuture<Bool> {
        let promise = eventLoop.makePromise(of: Bool.self)
        let (isFirst, isClosed) = state.withLock { state in
            if !state.isClosed { state.expected = promise }
            defer { state.isFollowing = true }
            return (!state.isFollowing, state.isClosed)
        }
        if isClosed { promise.succeed(false) }
        if isFirst { follow { self.close() } }
        return promise.futureResult
    }

    /// Settles it once the answer's last byte has been handed to the kernel.
    func settle(by end: EventLoopFuture<Void>, on channel: any Channel) {
        // The peer of a loopback connection that has gone refuses the bytes within the very call that sends them.
        settle(by: end) { channel.getOption(.socketOption(.so_error)).map { $0 == 0 } }
    }

    /// The same, whatever tells whether the peer is there.
    func settle(
        by end: EventLoopFuture<Void>,
        looking isThere: @escaping @Sendable () -> EventLoopFuture<Bool>
    ) {
        guard let promise = take() else { return }
        end.flatMap { isThere() }.recover { _ in false }.cascade(to: promise)
    }

    private func close() {
        state.withLock { $0.isClosed = true }
        take()?.succeed(false)
    }

    private func take() -> EventLoopPromise<Bool>? {
        state.withLock { state in
            defer { state.expected = nil }
            return state.expected
        }
    }
}
