// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOSSL
import UnicodeText

/// What HTTP1Channel leaves to us on a connection, right behind the decoder.
///
/// It enforces the deadlines, answers what isn't HTTP, closes in a way that lets the peer read the last answer, and
/// knows when an answer begins to go out and when all of it has.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let peer: Peer
    private let bodies: RequestBodies
    private let place: ConnectionSlot
    private let isEncrypted: Bool
    private let notHTTP: [UInt8]
    private let lingering: TimeAmount
    /// How long a peer may leave an answer unread.
    private let unread: TimeAmount
    private var deadlines: ReadDeadlines
    private var timer: Scheduled<Void>?
    /// Set while a request that didn't come whole at once is being read.
    private var slowness: Scheduled<Void>?
    /// Whether a request has begun but isn't complete.
    private var isComing = false
    private var context: ChannelHandlerContext?

    /// A read was requested while there was no room.
    private var isReadHeld = false

    /// For each pending request whether its peer wants the connection closed after the answer.
    private var closings: [Bool] = []

    /// How many requests have come at once.
    private var pipeline = PipelineLimit()

    /// The last request that is accepted has come: nothing after it is decoded.
    private var isFull = false

    /// Something came that isn't HTTP; it is answered after the requests before it.
    private var isBroken = false

    /// The answer that is being written is the last.
    private var isLastAnswer = false

    /// The last answer is written: nothing more is read or written.
    private var isClosing = false

    /// When the last answer has gone out.
    private var lastEnd: EventLoopFuture<Void>?

    /// Answers that are written but haven't completely gone out.
    private var unsent = 0

    /// What the bodies' chunks cost in addition to the bodies.
    private var framing = FramingOverhead()

    /// How long after its beginning an incomplete request counts as slow.
    private static let slow = TimeAmount.milliseconds(5)

    init(
        options: ListenerOptions,
        peer: Peer,
        bodies: RequestBodies,
        place: ConnectionSlot,
        isEncrypted: Bool
    ) {
        self.peer = peer
        self.bodies = bodies
        self.place = place
        self.isEncrypted = isEncrypted
        notHTTP = HTTPRefusal.notHTTP.body(version: options.version)
        lingering = TimeAmount(options.lingering)
        unread = TimeAmount(options.bodyDeadline)
        deadlines = ReadDeadlines(
            limits: .init(
                head: options.headDeadline,
                body: options.bodyDeadline,
                idle: options.idleDeadline
            ),
            now: .now
        )
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        watchDeadline()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        slowness?.cancel()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        slowness?.cancel()
        isClosing = true
        bodies.endAll()
        context.fireChannelInactive()
    }

    /// Whether what comes is decoded.
    var isReading: Bool { !isClosing && !isBroken && !isFull }

    /// Bytes came, before anything is decoded from them.
    func bytesArrived() {
        guard isReading else { return }
        pipeline.readBegan(waiting: deadlines.pending)
        if deadlines.isIdle { peer.requestBegan() }
        isComing = true
        deadlines.bytes(at: .now)
        watchDeadline()
    }

    /// So many bytes, no longer encrypted, have been decoded.
    func bytesDecoded(_ count: Int) {
        guard isReading, let context, framing.endRead(of: count),
            bodies.refuseNewest(as: .badFraming)
        else { return }
        // As for a body that is too long.
        context.fireChannelRead(wrapInboundOut(.body(ByteBuffer())))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Another process may send the rest than the one that began, so both are noted; requests that come whole cost
        // nothing.
        if isComing, slowness == nil {
            slowness = context.eventLoop.assumeIsolated().scheduleTask(in: Self.slow) { [peer] in
                peer.glimpse()
            }
        }
        context.fireChannelReadComplete()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isReading else { return }
        switch unwrapInboundIn(data) {
        case .head(var head):
            deadlines.head(at: .now)
            pipeline.head()
            closings.append(!head.isKeepAlive || pipeline.isReached)
            bodies.begin()
            framing.head()
            head.normalize()
            context.fireChannelRead(wrapInboundOut(.head(head)))
        case .body(let part):
            framing.body(part.readableBytes)
            // An empty part tells the reader not to wait for the end.
            if bodies.take(part) { context.fireChannelRead(wrapInboundOut(.body(ByteBuffer()))) }
            askForRoom()
        case .end:
            deadlines.end(at: .now)
            framing.end()
            isComing = false
            slowness?.cancel()
            slowness = nil
            isFull = pipeline.isReached
            context.fireChannelRead(data)
        }
        watchDeadline()
    }

    func read(context: ChannelHandlerContext) {
        guard bodies.mayGrow else {
            isReadHeld = true
            return
        }
        context.read()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The peer has closed without TLS's close_notify; it may still wait for its answer.
        if NIOSSLError.isUncleanShutdown(error) { return }
        if error is IOError || error is ChannelError || NIOSSLError.isTLS(error) {
            context.close(promise: nil)
            context.fireErrorCaught(error)
            return
        }
        guard isReading else { return }
        isBroken = true
        answerBroken(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent, isClosing { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isClosing else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head):
            guard head.status.code >= 200 else { return context.write(data, promise: promise) }
            // A body that nobody will read can't be told from the next request: the connection ends here.
            isLastAnswer = closings.first ?? true || (deadlines.isReadingBody && deadlines.pending == 1)
            if isLastAnswer { head.headers.replaceOrAdd(name: "connection", value: "close") }
            let begun = promise ?? context.eventLoop.makePromise()
            peer.deliveries.begin(by: begun.futureResult, isEncrypted: isEncrypted)
            context.write(wrapOutboundOut(.head(head)), promise: begun)
        case .body:
            context.write(data, promise: promise)
        case .end:
            let end = promise ?? context.eventLoop.makePromise()
            lastEnd = end.futureResult
            watch(end.futureResult, context)
            unsent += 1
            peer.deliveries.settle(by: end.futureResult, on: context.channel)
            if !closings.isEmpty { closings.removeFirst() }
            bodies.endOldest()
            deadlines.answered(at: .now)
            context.write(data, promise: end)
            if isLastAnswer { finish(context) } else { answerBroken(context) }
            watchDeadline()
            askForRoom()
            readOn()
        }
    }

    /// Tells a peer that it isn't speaking HTTP, once its earlier requests have their answers.
    private func answerBroken(_ context: ChannelHandlerContext) {
        guard isBroken, deadlines.pending == (deadlines.isReadingBody ? 1 : 0) else { return }
        var head = HTTPResponseHead(version: .http1_1, status: .badRequest)
        for (name, value) in ServerResponse.fixedFields + [
            ("Content-Length", "\(notHTTP.count)"), ("Connection", "close"),
        ] {
            head.headers.add(name: name, value: value)
        }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: notHTTP)))), promise: nil)
        let end = context.eventLoop.makePromise(of: Void.self)
        context.write(wrapOutboundOut(.end(nil)), promise: end)
        lastEnd = end.futureResult
        finish(context)
    }

    /// Closes our side when the last answer has gone out, and the other when the peer does, or after a while.
    ///
    /// Closing both at once would make the kernel throw away an answer that the peer hasn't read yet.
    private func finish(_ context: ChannelHandlerContext) {
        isClosing = true
        timer?.cancel()
        bodies.endAll()
        context.flush()
        let context = NIOLoopBound(context, eventLoop: context.eventLoop)
        lastEnd?.whenComplete { _ in context.value.close(mode: .output, promise: nil) }
        timer = context.value.eventLoop.assumeIsolated().scheduleTask(in: lingering) {
            self.cut(context.value)
        }
    }

    /// Closes the connection below the encryption, which would wait for its peer's close_notify.
    private func cut(_ context: ChannelHandlerContext) {
        let socket = try? context.pipeline.syncOperations.context(handlerType: RawByteObserver.self)
        (socket ?? context).close(promise: nil)  // not there once the connection is gone
    }

    /// Drops a peer that doesn't read its answer: what the socket doesn't take waits in our memory.
    private func watch(_ end: EventLoopFuture<Void>, _ context: ChannelHandlerContext) {
        let timer = context.eventLoop.assumeIsolated().scheduleTask(in: unread) {
            self.isClosing = true
            self.context.map(self.cut)
        }
        end.assumeIsolated().whenComplete { _ in
            timer.cancel()
            self.unsent -= 1
            self.tellStanding()
        }
    }

    /// Asks for room for a long body, of the oldest request alone: a later one may have to wait for a person.
    private func askForRoom() {
        guard deadlines.pending == 1, !isClosing, let context else { return }
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        bodies.askForRoom(
            granted: { handler.eventLoop.execute { handler.value.readOn() } },
            lost: { handler.eventLoop.execute { handler.value.makeRoom() } }
        )
    }

    /// Drops a peer that takes too long over a long body while others wait to send theirs.
    private func makeRoom() {
        // It may have become complete meanwhile.
        guard !isClosing, deadlines.isReadingBody, bodies.hasPlace, let context else { return }
        isClosing = true
        cut(context)
    }

    /// Reads what was requested, if there is room for it now.
    private func readOn() {
        guard isReadHeld, isClosing || bodies.mayGrow, let context else { return }
        isReadHeld = false
        context.read()
    }

    /// Reports the connection's state; one whose answer is being read still counts as waiting.
    private func tellStanding() {
        if unsent > 0 {
            place.standing = .busy
        } else if !isClosing {
            place.standing = deadlines.standing
        } else if case .leaving = place.standing {
            // It is already known since when it has been leaving.
        } else {
            place.standing = .leaving(since: .now)
        }
    }

    private func watchDeadline() {
        tellStanding()
        guard !isClosing, let context else { return }
        timer?.cancel()
        timer = deadlines.deadline.map { deadline in
            context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(deadline - .now)) {
                self.isClosing = true
                self.context.map(self.cut)
            }
        }
    }
}

extension ConnectionHandler: RemovableChannelHandler {}
