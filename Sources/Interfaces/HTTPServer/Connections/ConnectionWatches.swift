// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Reports bytes to a connection's handler before they are decoded, so that a slow head can be told from none.
final class RawByteObserver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let handler: ConnectionHandler

    init(telling handler: ConnectionHandler) {
        self.handler = handler
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        handler.bytesArrived()
        context.fireChannelRead(data)
    }
}

/// Reports to a connection's handler how much is about to be decoded, and drops what isn't to be.
final class DecodedByteObserver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let handler: ConnectionHandler

    init(telling handler: ConnectionHandler) {
        self.handler = handler
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Whoever goes on sending must cost no more than the copying.
        guard handler.isReading else { return }
        let count = unwrapInboundIn(data).readableBytes
        context.fireChannelRead(data)
        handler.bytesDecoded(count)
    }
}
