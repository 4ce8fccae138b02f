// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import NIOCore
import NIOHTTP1
import NIOSSL
import Operations
import SecureMemory

/// Serves one connection, right behind the decoder: has its requests answered, one after the other.
///
/// What needs no wait is answered while it is being read. The handler keeps the deadlines, answers what isn't HTTP,
/// closes in a way that lets the peer read the last answer, and knows when an answer has gone out.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let reader: RequestReader
    private let options: ListenerOptions
    private let peer: Peer
    private let body: RequestBody
    private let place: ConnectionSlot
    private let isEncrypted: Bool
    private var context: ChannelHandlerContext?
    private var deadlines: ReadDeadlines
    private var alarm = LazyAlarm()
    /// Set while a request has begun that didn't come whole at once.
    private var slowness: Scheduled<Void>?
    private var arrival = RequestArrival()
    /// What the bodies' chunks cost beside the bodies.
    private var framing = FramingOverhead()
    /// The request that is being read or answered.
    private var request: IncomingRequest?
    /// Whether it is being answered.
    private var isAnswering = false
    /// How many have been.
    private var answers = 0
    /// What answers it, where that has to wait.
    private var answering: RunningWork?
    /// What came of later requests meanwhile.
    private var pipelined = PipelinedParts()
    /// Whether those are being looked at.
    private var isCatchingUp = false
    /// More was to be read while that had to wait.
    private var isReadHeld = false
    /// Whether it ever had to: what has been read since may have been sent long before.
    private var wasReadHeld = false
    /// Nothing more comes from the peer.
    private var hasEnded = false
    /// What is wrong with what came last, if it isn't HTTP; that is told after the answers to the requests before it.
    private var fault: HTTPRefusal?
    /// The daemon stops: the next answer is the last.
    private var isStopping = false
    /// The last answer is written: nothing more is read or written.
    private var isClosing = false
    /// The answers that are written.
    private lazy var sent = SentResponses(
        patience: TimeAmount(options.bodyDeadline),
        isEncrypted: isEncrypted,
        isStuck: { [weak self] in self?.drop() },
        isDone: { [weak self] in
            self?.reportPhase()
            self?.readOn()
        }
    )

    /// How long after its beginning a request that isn't complete counts as slow.
    private static let slow = TimeAmount.milliseconds(5)

    init(reader: RequestReader, peer: Peer, body: RequestBody, place: ConnectionSlot, isEncrypted: Bool) {
        (self.reader, self.peer, self.body, self.place) = (reader, peer, body, place)
        self.isEncrypted = isEncrypted
        options = reader.options
        deadlines = ReadDeadlines(limits: ReadDeadlines.Limits(options), now: .now)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        settle()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        release()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        release()
        context.fireChannelInactive()
    }

    /// Nothing is to be answered any more.
    private func end(_ context: ChannelHandlerContext) {
        if sent.count == 0 { context.close(promise: nil) } else if !isClosing { finish() }
    }

    private func release() {
        alarm.cancel()
        slowness?.cancel()
        isClosing = true
        pipelined.drop()
        body.end()
    }

    // MARK: - Reading

    /// Whether what comes is decoded.
    var isReading: Bool { !isClosing && fault == nil && !arrival.isOver }

    /// Bytes came, before anything is decoded from them.
    func bytesArrived() {
        guard isReading else { return }
        arrival.readBegan(waiting: (request == nil ? 0 : 1) + pipelined.heads)
        bytesCome()
        deadlines.bytes(at: .now)
    }

    /// Bytes, no longer encrypted, are about to be decoded.
    func bytesCome() {
        guard isReading, arrival.bytesCome() else { return }
        if deadlines.isIdle { peer.requestBegan(forgettingOthers: !isEncrypted && !wasReadHeld) }
        deadlines.bytes(at: .now)
    }

    /// So many bytes, no longer encrypted, have been decoded.
    func bytesDecoded(_ count: Int) {
        guard isReading, framing.endRead(of: count) else { return }
        body.refuse(as: .badFraming)  // it is answered at the end of the read
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isReading else { return }
        let part = unwrapInboundIn(data)
        switch part {
        case .head(let head): arrival.head(head)
        case .body: break
        case .end:
            arrival.end()
            slowness?.cancel()
            slowness = nil
        }
        guard isAnswering else { return take(part) }
        // Nobody who waits for their answers sends so much.
        if !pipelined.append(part) { arrival.stop() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        answerRefused()
        context.fireChannelReadComplete()
    }

    /// All of a read has been decoded that can be.
    ///
    /// - Parameter isWithinRecord: Whether a part of a TLS record is left, with which the next request may have begun.
    func readEnded(withinRecord isWithinRecord: Bool) {
        guard !isClosing, let context else { return }
        if isWithinRecord { bytesCome() }
        // Another process may send the rest than began, so note both; requests that come whole cost nothing.
        if !arrival.isBetween, slowness == nil {
            slowness = context.eventLoop.assumeIsolated().scheduleTask(in: Self.slow) { [peer] in
                peer.noteHolders()
            }
        }
        settle()
    }

    func read(context: ChannelHandlerContext) {
        guard mayRead else {
            (isReadHeld, wasReadHeld) = (true, true)
            return
        }
        context.read()
    }

    /// Whether more may be taken in: a request that waits for its answer keeps the next ones waiting, once one has come, and
    /// an answer that isn't taken keeps all of them.
    private var mayRead: Bool { isClosing || body.mayGrow && pipelined.isEmpty && sent.count == 0 }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            isStopping = true
            answering?.cancel()
            if isClosing { linger() } else if !isAnswering { end(context) }
        case ChannelEvent.inputClosed:
            hasEnded = true
            // Nobody waits for an answer, or can have one to a half of a request.
            if !isAnswering, !isClosing { end(context) }
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The peer has closed without TLS's close_notify; it may still wait for its answer.
        if NIOSSLError.isUncleanShutdown(error) { return }
        if error is IOError || error is ChannelError || NIOSSLError.isTLS(error) {
            return context.close(promise: nil)
        }
        guard isReading else { return }
        fault = HTTPRefusal(ofParser: error, isEncrypted: isEncrypted)
        if !isAnswering { answerFault() }
    }

    /// Takes a part of the request that is being read, which is the only one.
    private func take(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head):
            deadlines.head(at: .now)
            framing.head()
            let request = reader.begin(head)
            self.request = request
            if request.refusal == nil, request.expectsContinue, let context {
                let goOn = ByteBuffer(bytes: ServerResponse.head(.continue, []))
                context.writeAndFlush(wrapOutboundOut(goOn), promise: nil)
            }
        case .body(let part):
            framing.body(part.readableBytes)
            body.take(part)
            askForRoom()
        case .end:
            deadlines.end(at: .now)
            framing.end()
            request?.isComplete = true
            if let request { answer(request) }
        }
    }

    // MARK: - Answering

    /// Answers a request that is refused before its end has come, which isn't worth waiting for.
    private func answerRefused() {
        guard let request, !isAnswering, !isClosing, request.refusal ?? body.refusal != nil else { return }
        answer(request)
    }

    /// Has a request answered, at once if that needs no wait.
    private func answer(_ request: IncomingRequest) {
        guard let context else { return }
        isAnswering = true
        answers += 1
        let number = answers
        let requester = HTTPRequester(
            peer: peer,
            place: place,
            origin: request.verdict.origin,
            userAgent: request.userAgent,
            hasWaited: isCatchingUp
        )
        let (refusal, whole) = (body.refusal, body.takeWhole())
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let task = MainLoop.immediately { [reader] in
            let (response, delivered) = await reader.answer(
                request,
                with: whole,
                refusedAs: refusal,
                from: requester
            )
            // What nobody needed is still there.
            whole.wipe()
            handler.value.write(response, telling: delivered)
        }
        // A later request may be waiting by now.
        guard isAnswering, answers == number else { return }
        requester.waits()
        answering = task
        if isStopping { task.cancel() }
        settle()
    }

    private func write(_ response: ServerResponse, telling delivered: SentResponses.Delivery? = nil) {
        // Whoever has waited may have gone meanwhile.
        guard !isClosing, let context, let request, answering == nil || peer.isThere else {
            SentResponses.drop(telling: delivered)
            context?.close(promise: nil)
            return
        }
        var response = response
        // A body that nobody will read can't be told from the next request: the connection ends here.
        let isLast =
            !request.isKeepAlive || !request.isComplete || isStopping
            || (hasEnded || arrival.isOver) && pipelined.isEmpty
        if isLast { response.close() }
        sent.write(response, hasBody: !request.isHead, on: context, telling: delivered)
        (self.request, isAnswering, answering) = (nil, false, nil)
        body.end()
        deadlines.answered(at: .now)
        if isLast { return finish() }
        catchUp()
        // The next one may have begun meanwhile.
        if !arrival.isBetween, self.request == nil { deadlines.bytes(at: .now) }
        settle()
        readOn()
    }

    /// Looks at what came while the last answer was being made.
    private func catchUp() {
        guard !isCatchingUp else { return }
        isCatchingUp = true
        defer { isCatchingUp = false }
        while !isAnswering, !isClosing, let part = pipelined.popFirst() { take(part) }
        if pipelined.isCut, pipelined.isEmpty { body.refuse(as: .tooMuchAtOnce) }
        answerRefused()
        if !isAnswering, !isClosing { answerFault() }
    }

    /// Tells a peer what is wrong with what it sent, once its requests before that have their answers.
    private func answerFault() {
        guard let fault, let context else { return }
        var response = ServerResponse(fault, version: options.version, hash: nil, origin: nil)
        response.close()
        sent.write(response, hasBody: true, on: context, telling: nil)
        finish()
    }

    // MARK: - Ending

    /// Closes our side when the last answer has gone out, and the other one when the peer does or after a while.
    ///
    /// Closing both at once would make the kernel throw away an answer that the peer hasn't read yet.
    private func finish() {
        isClosing = true
        pipelined.drop()
        body.end()
        alarm.cancel()
        reportPhase()
        sent.whenGone {
            guard let context = self.context else { return }
            context.close(mode: .output, promise: nil)
            self.linger()
        }
        // Whoever doesn't read their last answer doesn't hold up the stop.
        if isStopping { linger() }
        readOn()
    }

    /// Gives the peer a moment to close or to read.
    private func linger() {
        guard let context else { return }
        alarm.set(in: TimeAmount(options.lingering), on: context.eventLoop) { self.drop() }
    }

    /// Closes the connection below the encryption, which would wait for its peer's close_notify.
    private func drop() {
        isClosing = true
        guard let context else { return }
        let socket = try? context.pipeline.syncOperations.context(handlerType: ByteObserver.self)
        (socket ?? context).close(promise: nil)  // not there once the connection is gone
    }

    /// Asks for room for a long body.
    private func askForRoom() {
        guard deadlines.isReadingBody, !isAnswering, !isClosing, body.needsRoom, let context else { return }
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        body.askForRoom(
            granted: { handler.eventLoop.execute { handler.value.readOn() } },
            lost: { handler.eventLoop.execute { handler.value.makeRoom() } }
        )
    }

    /// Drops a peer that takes too long over a long body while others wait to send theirs.
    private func makeRoom() {
        // It may have come to its end meanwhile.
        guard !isClosing, deadlines.isReadingBody, body.hasPlace else { return }
        drop()
    }

    /// Reads what was requested, if there is room for it now.
    private func readOn() {
        guard isReadHeld, mayRead, let context else { return }
        isReadHeld = false
        context.read()
    }

    /// Keeps the deadline, and tells what the connection is at.
    private func settle() {
        reportPhase()
        guard !isClosing, let context, let deadline = deadlines.deadline else { return }
        alarm.set(in: TimeAmount(deadline - .now), on: context.eventLoop) { self.expire() }
    }

    /// A deadline may be over, or have moved since it was set.
    private func expire() {
        guard !isClosing, let deadline = deadlines.deadline else { return }
        if deadline <= .now { drop() } else { settle() }
    }

    /// Tells what the connection is at; one whose answer is being taken still waits for it.
    private func reportPhase() {
        if sent.count > 0 {
            place.phase = .busy
        } else if !isClosing {
            place.phase = deadlines.phase
        } else {
            place.leaves()
        }
    }
}
