// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Logging
import NIOHTTP1
import Operations
import SecureMemory
import UnicodeText

/// Decides what becomes of requests, and makes the answers that aren't the protocol's.
struct RequestReader: Sendable {
    private let current: CurrentValue<ListenerOptions>
    private let handler: any MessageHandler
    let logger: Logger

    /// - Parameters:
    ///   - current: What it is told, of each request what holds then.
    ///   - handler: Answers the protocol's messages.
    ///   - logger: For what happens; never for what is in a request.
    init(current: CurrentValue<ListenerOptions>, handler: any MessageHandler, logger: Logger) {
        (self.current, self.handler, self.logger) = (current, handler, logger)
    }

    /// What holds now.
    var options: ListenerOptions { current.value }

    /// Begins a request.
    ///
    /// - Parameter head: Its head, as it came.
    /// - Returns: The request, and what is decided about it by its head.
    func begin(_ head: HTTPRequestHead) -> IncomingRequest {
        var head = head
        // An older peer would have to be told that it may go on.
        let isKeepAlive = head.isKeepAlive && head.version != .http1_0
        head.normalize()
        return IncomingRequest(
            head,
            isKeepAlive: isKeepAlive,
            verdict: options.policy.verdict(on: head)
        )
    }

    /// The answer to a request.
    ///
    /// - Parameters:
    ///   - request: Its head.
    ///   - body: Its whole body, which is wiped once it has been read.
    ///   - refusal: Why that isn't taken, if it isn't.
    ///   - requester: Who sends it.
    /// - Returns: The answer, and who is to be told what becomes of it.
    func answer(
        _ request: IncomingRequest,
        with body: WipedBytes,
        refusedAs refusal: HTTPRefusal?,
        from requester: HTTPRequester
    ) async -> (ServerResponse, SentResponses.Delivery?) {
        let origin = request.verdict.origin
        if let refusal = request.refusal ?? refusal { return (await reply(to: refusal, origin: origin), nil) }
        switch request.verdict.route {
        case .success(.preflight): return (request.preflight, nil)
        case .success(.page(let page)) where body.count == 0:
            return (await reply(with: page, origin: origin), nil)
        case .success, .failure:
            let reply = await handler.answer(body, from: requester)
            let status = HTTPResponseStatus(statusCode: reply.status)
            return (ServerResponse(status, body: reply.body, origin: origin), reply.delivered)
        }
    }

    /// The answer to a refused request.
    private func reply(to refusal: HTTPRefusal, origin: String?) async -> ServerResponse {
        logger.debug(
            "Request turned away",
            metadata: ["reason": "\(refusal.sentence)", "status": "\(refusal.status.code)"]
        )
        let hash = refusal.isInside ? await handler.hash() : nil
        return ServerResponse(refusal, version: options.version, hash: hash, origin: origin)
    }

    /// A page for people and programs to look at.
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
}

/// A request that is being read or answered.
struct IncomingRequest {
    let verdict: AccessPolicy.Verdict
    /// Whether its peer keeps the connection open.
    let isKeepAlive: Bool
    /// Whether its peer sends the body only when told to.
    let expectsContinue: Bool
    /// What the peer says it is.
    let userAgent: String?
    /// Whether its end has been read.
    var isComplete = false

    private let head: HTTPRequestHead

    fileprivate init(_ head: HTTPRequestHead, isKeepAlive: Bool, verdict: AccessPolicy.Verdict) {
        (self.head, self.isKeepAlive, self.verdict) = (head, isKeepAlive, verdict)
        userAgent = head.headers.first(name: "user-agent")?.cut(toBytes: 1024)
        expectsContinue =
            head.version != .http1_0
            && head.headers.first(name: "expect").map { value in
                value.utf8.count <= 64 && value.lowercased().contains("100-continue")
            } ?? false
    }

    /// Why it is turned away by its head alone.
    var refusal: HTTPRefusal? {
        if case .failure(let refusal) = verdict.route { refusal } else { nil }
    }

    /// Whether nobody wants its answer's body.
    var isHead: Bool { head.method == .HEAD }

    /// The answer to a preflight.
    var preflight: ServerResponse { ServerResponse(preflight: head, origin: verdict.origin) }
}
