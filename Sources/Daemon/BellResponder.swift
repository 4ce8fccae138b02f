// SPDX-License-Identifier: Apache-2.0

import Callers
import HTTPServer
import Kernel
import Operations
import Secrecy

/// Hands what comes in by HTTP to the bell.
struct BellResponder: Responder {
    let bell: Current<Bell>

    func respond(to body: WipedBytes, visit: Visit) async -> HTTPAnswer {
        let reply = await bell.value.answer(body, from: HTTPVisitor(visit: visit))
        return HTTPAnswer(status: reply.status, body: reply.body, delivered: reply.delivered)
    }

    func hash() async -> String? {
        await bell.value.hash()
    }
}

/// The peer of an HTTP connection, as operations see it.
private struct HTTPVisitor: Visitor {
    let visit: Visit

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
