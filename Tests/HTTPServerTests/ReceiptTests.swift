// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Operations
import Testing

@testable import HTTPServer

@Suite(.timeLimit(.minutes(1))) struct ReceiptTests {
    /// Takes an answer's head or not, and never the rest.
    private final class BrokenWire: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer

        /// Whether it takes what comes next.
        private var takesHead: Bool

        init(takingHead takesHead: Bool) { self.takesHead = takesHead }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            if takesHead {
                takesHead = false
                promise?.succeed()
            } else {
                promise?.fail(ChannelError.ioOnClosedChannel)
            }
        }
    }

    private final class Writer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private(set) var context: ChannelHandlerContext?

        func handlerAdded(context: ChannelHandlerContext) { self.context = context }
        func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }
    }

    /// Writes an answer that breaks off.
    private static func breakOff(
        headIsOut: Bool,
        isEncrypted: Bool,
        telling delivered: @escaping SentResponses.Delivery
    ) throws {
        let (channel, writer) = (EmbeddedChannel(), Writer())
        try channel.pipeline.syncOperations.addHandler(BrokenWire(takingHead: headIsOut))
        try channel.pipeline.syncOperations.addHandler(writer)
        let sent = SentResponses(
            patience: .seconds(1),
            isEncrypted: isEncrypted,
            isStuck: {},
            isDone: {}
        )
        sent.write(
            ServerResponse(text: "secret", origin: nil),
            hasBody: true,
            on: try #require(writer.context),
            telling: delivered
        )
        #expect(sent.count == 0)
        _ = try? channel.finish()  // nothing is to be read there
    }

    @Test(arguments: [
        (true, false, DeliveryOutcome.uncertain), (false, false, .notSent), (false, true, .uncertain),
    ])
    func `an answer that broke off may be there in part, once its head is out or where that can't be told`(
        headIsOut: Bool,
        isEncrypted: Bool,
        outcome: DeliveryOutcome
    ) async throws {
        let (outcomes, told) = AsyncStream<DeliveryOutcome>.makeStream()
        try Self.breakOff(headIsOut: headIsOut, isEncrypted: isEncrypted) { told.yield($0) }
        for await found in outcomes {
            #expect(found == outcome)
            break
        }
    }

    @Test func `an answer that isn't written isn't sent`() async {
        let (outcomes, told) = AsyncStream<DeliveryOutcome>.makeStream()
        SentResponses.drop { told.yield($0) }
        for await found in outcomes {
            #expect(found == .notSent)
            break
        }
    }
}
