// SPDX-License-Identifier: Apache-2.0

import Callers
import ConcurrencyTools
import HTTPServer
import Operations
import SecureMemory

/// Hands what comes in by HTTP to the bell.
struct RequestHandlerAdapter: MessageHandler {
    let handler: Current<RequestHandler>

    func respond(to body: WipedBytes, visit: HTTPRequester) async -> EncodedReply {
        let reply = await handler.value.answer(body, from: HTTPVisitor(visit: visit))
        return EncodedReply(status: reply.status, body: reply.body, delivered: reply.delivered)
    }

    func hash() async -> String? {
        await handler.value.hash()
    }
}

/// The peer of an HTTP connection, as operations see it.
private struct HTTPVisitor: Requester {
    let visit: HTTPRequester

    var origin: String? { visit.origin }
    var isThere: Bool { visit.isThere }

    func caller() async -> Caller {
        await visit.caller()
    }

    func asker() async -> Caller {
        await visit.asker()
    }

    func sender() async -> Caller {
        await visit.sender()
    }
}
