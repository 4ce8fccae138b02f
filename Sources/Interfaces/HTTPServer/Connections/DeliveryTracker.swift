// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// Where one waits to hear whether the answer just written went out to a peer that was still there.
///
/// The writing side expects a receipt, the connection's handler settles it when the answer has gone out, and the end
/// of the connection when it never will.
final class DeliveryTracker: Sendable {
    private let expected = Mutex<EventLoopPromise<Bool>?>(nil)

    /// Begins to wait for the next answer.
    func expect(on channel: any Channel) -> EventLoopFuture<Bool> {
        let promise = channel.eventLoop.makePromise(of: Bool.self)
        expected.withLock { $0 = promise }
        channel.closeFuture.whenComplete { _ in self.take()?.succeed(false) }
        return promise.futureResult
    }

    /// Settles it once the answer's last byte has been handed to the kernel.
    func settle(by end: EventLoopFuture<Void>, on channel: any Channel) {
        guard let promise = take() else { return }
        // The peer of a loopback connection that has gone refuses the bytes within the very call that sends them.
        end.flatMap { channel.getOption(.socketOption(.so_error)) }
            .map { $0 == 0 }
            .recover { _ in false }
            .cascade(to: promise)
    }

    private func take() -> EventLoopPromise<Bool>? {
        expected.withLock { expected in
            defer { expected = nil }
            return expected
        }
    }
}
