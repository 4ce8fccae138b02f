// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Answers a connection beyond the limit, and closes it.
final class RefusalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: [UInt8]
    private let lingering: TimeAmount
    private var timer: Scheduled<Void>?

    init(options: ListenerOptions) {
        let refusal = HTTPRefusal.tooManyConnections
        let body = refusal.body(version: options.version)
        let more = [("Content-Length", "\(body.count)"), ("Connection", "close")]
        answer = ServerResponse.head(refusal.status, ServerResponse.fixedFields + more) + body
        lingering = TimeAmount(options.lingering)
    }

    func channelActive(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: answer))).whenComplete { _ in
            bound.value.close(mode: .output, promise: nil)
        }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: lingering) {
            bound.value.close(promise: nil)
        }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Read and discarded: unread bytes would make the kernel reset the connection before the answer is read.
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
