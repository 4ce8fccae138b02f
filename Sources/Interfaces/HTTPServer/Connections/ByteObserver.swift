// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Tells a connection's handler of bytes before they are decoded.
///
/// One stands first of all, so that a slow head can be told from none; one right before the decoder, to say how much
/// has been decoded, and to drop what isn't to be. Without encryption that is the same place. The encryption tells those
/// behind it nothing of a read that ends within the first record.
final class ByteObserver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let handler: ConnectionHandler
    private let isFirst: Bool
    private let isLast: Bool
    private var records = TLSRecordFraming()

    /// - Parameters:
    ///   - handler: Whom it tells.
    ///   - isFirst: Whether the bytes come from the socket.
    ///   - isLast: Whether they go to the decoder.
    init(telling handler: ConnectionHandler, isFirst: Bool, isLast: Bool) {
        (self.handler, self.isFirst, self.isLast) = (handler, isFirst, isLast)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isFirst { handler.bytesArrived() }
        guard isLast else {
            records.take(unwrapInboundIn(data).readableBytesView)
            return context.fireChannelRead(data)
        }
        // Whoever goes on sending must cost no more than the copying.
        guard handler.isReading else { return }
        var bytes = unwrapInboundIn(data)
        let count = bytes.readableBytes
        // The last byte goes by itself: if a request has ended before it, the next one has begun in this read, perhaps with
        // a part of its head, of which the decoder says nothing.
        if count > 1, let most = bytes.readSlice(length: count - 1) {
            handler.bytesCome()
            context.fireChannelRead(wrapInboundOut(most))
        }
        if handler.isReading {
            handler.bytesCome()
            context.fireChannelRead(wrapInboundOut(bytes))
        }
        handler.bytesDecoded(count)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if isFirst { handler.readEnded(withinRecord: records.isWithinRecord) }
    }
}
