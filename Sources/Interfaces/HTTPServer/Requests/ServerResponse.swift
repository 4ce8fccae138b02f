// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// An answer as HTTP: status, fields and body.
struct ServerResponse: Sendable {
    /// The fields of every answer with a JSON body.
    static let fixedFields = [
        ("Content-Type", "application/json"), ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"), ("Vary", "Origin"),
    ]

    private(set) var head: HTTPResponseHead
    let body: [UInt8]

    /// Makes an answer that says how long it is.
    ///
    /// - Parameters:
    ///   - status: Its status.
    ///   - type: The body's media type.
    ///   - body: The body.
    ///   - origin: The allowed Origin, which may read it.
    init(_ status: HTTPResponseStatus, type: String? = nil, body: [UInt8], origin: String?) {
        self.body = body
        var fields = Self.fixedFields
        fields.append(("Content-Length", String(body.count)))
        if let origin { fields.append(("Access-Control-Allow-Origin", origin)) }
        if let type { fields[0].1 = type }
        head = HTTPResponseHead(version: .http1_1, status: status, headers: HTTPHeaders(fields))
    }

    /// A refusal.
    init(_ refusal: HTTPRefusal, version: String, hash: String?, origin: String?) {
        self.init(refusal.status, body: refusal.body(version: version, hash: hash), origin: origin)
        if refusal == .badMethod { head.headers.add(name: "Allow", value: "GET, POST") }
    }

    /// A page of text.
    init(text: String, origin: String?) {
        self.init(.ok, type: "text/plain; charset=utf-8", body: Array(text.utf8), origin: origin)
    }

    /// The answer to a preflight of an allowed Origin.
    init(preflight request: HTTPRequestHead, origin: String?) {
        self.init(.ok, type: "text/plain; charset=utf-8", body: [], origin: origin)
        let asked = request.headers.first(name: "access-control-request-headers")
        head.headers.add(name: "Access-Control-Allow-Methods", value: "POST, GET")
        head.headers.add(name: "Access-Control-Allow-Headers", value: asked ?? "content-type")
        head.headers.add(name: "Access-Control-Max-Age", value: "600")
        for network in ["Private", "Local"] {
            let question = request.headers["access-control-request-\(network.lowercased())-network"]
            if question.contains(where: { $0.utf8.elementsEqual("true".utf8) }) {
                head.headers.add(name: "Access-Control-Allow-\(network)-Network", value: "true")
            }
        }
    }

    /// The peer is told that nothing comes after it.
    mutating func close() {
        head.headers.replaceOrAdd(name: "Connection", value: "close")
    }
}
