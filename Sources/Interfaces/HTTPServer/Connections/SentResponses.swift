// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import NIOCore
import Operations

/// Writes a connection's answers, and knows which haven't gone out yet.
///
/// What the socket doesn't take waits in our memory, so a peer that doesn't read isn't waited for without end.
final class SentResponses {
    /// To be told what became of an answer.
    typealias Delivery = @Sendable (DeliveryOutcome) async -> Void

    /// Whether bytes of an answer's body may have gone out.
    private final class Beginning {
        var hasBegun = false
    }

    /// How long a peer may leave an answer unread.
    private let patience: TimeAmount
    private let isEncrypted: Bool
    private let isStuck: () -> Void
    private let isDone: () -> Void
    private var timer: Scheduled<Void>?
    private var last: EventLoopFuture<Void>?

    /// Answers that are written and haven't all gone out.
    private(set) var count = 0

    /// - Parameters:
    ///   - patience: How long a peer may leave an answer unread.
    ///   - isEncrypted: Whether head and body go out as one, so that nothing is known of where one ends.
    ///   - isStuck: Called when it has left one for so long.
    ///   - isDone: Called when all have gone out, or never will.
    init(
        patience: TimeAmount,
        isEncrypted: Bool,
        isStuck: @escaping () -> Void,
        isDone: @escaping () -> Void
    ) {
        (self.patience, self.isEncrypted) = (patience, isEncrypted)
        (self.isStuck, self.isDone) = (isStuck, isDone)
    }

    /// Writes an answer.
    ///
    /// - Parameters:
    ///   - response: The answer.
    ///   - hasBody: Whether its body goes along: one to HEAD is as long as it says, but stays away.
    ///   - context: The handler's.
    ///   - delivered: To be told what became of it, as far as can be told on this side.
    func write(
        _ response: ServerResponse,
        hasBody: Bool,
        on context: ChannelHandlerContext,
        telling delivered: Delivery?
    ) {
        let end = context.eventLoop.makePromise(of: Void.self)
        (last, count) = (end.futureResult, count + 1)
        let begun = Beginning()
        begun.hasBegun = isEncrypted
        end.futureResult.assumeIsolated().whenComplete { result in
            self.hasEnded(result, begun.hasBegun, on: context.channel, telling: delivered)
        }
        let body = hasBody ? response.body : []
        if isEncrypted || delivered == nil || body.isEmpty {
            // Nobody has to know where one ends and the other begins.
            context.writeAndFlush(NIOAny(ByteBuffer(bytes: response.head + body)), promise: end)
        } else {
            // Once the kernel has all of the head, it may have some of the body, too.
            let head = context.eventLoop.makePromise(of: Void.self)
            head.futureResult.assumeIsolated().whenSuccess { begun.hasBegun = true }
            context.write(NIOAny(ByteBuffer(bytes: response.head)), promise: head)
            context.writeAndFlush(NIOAny(ByteBuffer(bytes: body)), promise: end)
        }
        wait(on: context.eventLoop)
    }

    /// Does something when the last answer has gone out.
    func whenGone(_ work: @escaping () -> Void) {
        guard let last else { return work() }
        last.assumeIsolated().whenComplete { _ in work() }
    }

    /// Tells that an answer isn't written.
    static func drop(telling delivered: Delivery?) {
        if let delivered { MainLoop.immediately { await delivered(.notSent) } }
    }

    private func hasEnded(
        _ result: Result<Void, any Error>,
        _ hasBegun: Bool,
        on channel: any Channel,
        telling delivered: Delivery?
    ) {
        count -= 1
        timer?.cancel()
        timer = nil
        if count == 0 { isDone() } else { wait(on: channel.eventLoop) }
        guard let delivered else { return }
        let outcome: DeliveryOutcome
        if case .success = result {
            // The peer of a loopback connection that has gone mostly refuses the bytes within the very call that sends
            // them; but so does one that has read them by then and resets the connection. Without options, or closed
            // meanwhile, nobody knows.
            let isFine = (try? channel.syncOptions?.getOption(.socketOption(.so_error))) == 0
            outcome = isFine ? .arrived : .uncertain
        } else {
            outcome = hasBegun ? .uncertain : .notSent
        }
        MainLoop.immediately { await delivered(outcome) }
    }

    private func wait(on eventLoop: any EventLoop) {
        guard count > 0, timer == nil else { return }
        timer = eventLoop.assumeIsolated().scheduleTask(in: patience, isStuck)
    }
}
