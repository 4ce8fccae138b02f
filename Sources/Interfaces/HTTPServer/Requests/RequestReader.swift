// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import Operations
import SecureMemory
import ServiceLifecycle
import UnicodeText

/// Takes an admitted request to the handler, and its answer back.
struct RequestReader: Sendable {
    let current: Current<ListenerOptions>
    let handler: any MessageHandler
    let logger: Logger

    /// The options that hold now.
    var options: ListenerOptions { current.value }

    /// Answers one request.
    ///
    /// - Parameters:
    ///   - request: Its head, and a sign of the end of its body.
    ///   - bodies: Where its body will be.
    ///   - writer: For the answer.
    ///   - channel: Its connection.
    ///   - peer: Who is at the other end.
    ///   - place: Its connection's.
    /// - Throws: Whatever ends the connection.
    func receive(
        _ request: Request,
        bodies: RequestBodies,
        writer: consuming ResponseWriter,
        channel: any Channel,
        peer: Peer,
        place: ConnectionSlot
    ) async throws {
        let verdict = options.policy.verdict(on: request.head)
        let page: AccessPolicy.Page?
        switch verdict.route {
        case .failure(let refusal):
            return try await write(self.reply(to: refusal, origin: verdict.origin), to: request, with: writer)
        case .success(.preflight):
            let reply = ServerResponse(preflight: request.head, origin: verdict.origin)
            return try await write(reply, to: request, with: writer)
        case .success(.message): page = nil
        case .success(.page(let asked)): page = asked
        }
        if expectsContinue(request) { try await writer.writeInformationalHead(.init(status: .continue)) }
        let body: WipedBytes
        switch try await self.body(of: request, among: bodies) {
        case .success(let whole): body = whole
        case .failure(let refusal):
            return try await write(self.reply(to: refusal, origin: verdict.origin), to: request, with: writer)
        }
        if let page, body.count == 0 {
            return try await write(self.reply(with: page, origin: verdict.origin), to: request, with: writer)
        }
        let requester = HTTPRequester(
            peer: peer,
            place: place,
            origin: verdict.origin,
            userAgent: request.headers[.userAgent]?.cut(toBytes: 1024)
        )
        let answer = await cancelledAtShutdown { await handler.answer(body, from: requester) }
        try await deliver(answer, to: request, of: requester, peer: peer, with: writer, channel: channel)
    }

    /// Runs an operation, and cancels it when the daemon stops.
    ///
    /// Like ServiceLifecycle's `cancelWhenGracefulShutdown`, which at its end starts a task on the global executor, and
    /// with that a timer that wakes the daemon once a second for good.
    private func cancelledAtShutdown<Success: Sendable>(
        _ operation: @escaping @Sendable () async -> Success
    ) async -> Success {
        let task = Task(executorPreference: TaskQueue.shared, operation: operation)
        return await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await task.value
            } onGracefulShutdown: {
                task.cancel()
            }
        } onCancel: {
            task.cancel()
        }
    }

    /// Waits for a whole body, or for what is wrong with it.
    private func body(
        of request: Request,
        among bodies: RequestBodies
    ) async throws -> Result<WipedBytes, HTTPRefusal> {
        // The one part that ever comes says that the body isn't taken.
        for try await _ in request.body { break }
        let body: WipedBytes
        switch bodies.takeOldest() {
        case .success(let whole): body = whole
        case .failure(let refusal): return .failure(refusal)
        }
        if let declared = request.headers[.contentLength], Int(declared) != body.count {
            throw ChannelError.inputClosed  // the peer left in the middle: nobody to answer
        }
        return .success(body)
    }

    private func expectsContinue(_ request: Request) -> Bool {
        request.headers.contains { field in
            field.name.canonicalName == "expect" && field.value.utf8.count <= 64
                && field.value.lowercased().contains("100-continue")
        }
    }

    private func reply(to refusal: HTTPRefusal, origin: String?) async -> ServerResponse {
        logger.debug(
            "Request turned away",
            metadata: ["reason": "\(refusal.sentence)", "status": "\(refusal.status.code)"]
        )
        let hash = refusal.isInside ? await handler.hash() : nil
        return ServerResponse(refusal, version: options.version, hash: hash, origin: origin)
    }

    private func reply(with page: AccessPolicy.Page, origin: String?) async -> ServerResponse {
        switch page {
        case .greeting:
            let text =
                "This is Keybell, a KeePassHttp service for this desktop session, version \(options.version).\n"
            return ServerResponse(text: text, origin: origin)
        case .version:
            return ServerResponse(text: options.version, origin: origin)
        case .keepassVersion:
            return ServerResponse(text: ":\nKeePassHttp:\(options.version)\n:\n", origin: origin)
        case .none:
            return await reply(to: .noSuchPage, origin: origin)
        }
    }

    private func write(
        _ reply: ServerResponse,
        to request: Request,
        with writer: consuming ResponseWriter
    ) async throws {
        // An answer to HEAD states its length, but isn't sent.
        let body =
            request.method == .head ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body))
        try await writer.write(response: reply.head, body: body)
    }

    /// Writes an answer of the protocol and tells what became of it.
    private func deliver(
        _ answer: EncodedReply,
        to request: Request,
        of requester: HTTPRequester,
        peer: Peer,
        with writer: consuming ResponseWriter,
        channel: any Channel
    ) async throws {
        let reply = ServerResponse(.init(code: answer.status), body: answer.body, origin: requester.origin)
        guard peer.isThere else {
            logger.debug("An answer found nobody there")
            channel.close(promise: nil)
            await answer.delivered?(.notSent)
            return
        }
        let receipt = peer.deliveries.expect(on: channel)
        do {
            try await write(reply, to: request, with: writer)
        } catch {
            logger.debug("An answer found nobody there", metadata: ["error": "\(error)"])
            // How much of it was sent is known when the connection has ended.
            channel.close(promise: nil)
        }
        // A receipt never fails.
        await answer.delivered?((try? await receipt.get()) ?? .uncertain)
    }
}
