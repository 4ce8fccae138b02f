// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// An answer as HTTP: status, fields and body.
struct ServerResponse: Sendable {
    typealias Field = (name: String, value: String)

    /// The fields of every answer with a JSON body.
    static let fixedFields: [Field] = [
        ("Content-Type", "application/json"), ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"), ("Vary", "Origin"),
    ]

    private let status: HTTPResponseStatus
    /// The fields in their order.
    private var fields: [Field]
    let body: [UInt8]

    /// Makes an answer that says how long it is.
    ///
    /// - Parameters:
    ///   - status: Its status.
    ///   - type: The body's media type.
    ///   - body: The body.
    ///   - origin: The allowed Origin, which may read it.
    init(_ status: HTTPResponseStatus, type: String? = nil, body: [UInt8], origin: String?) {
        (self.status, self.body) = (status, body)
        fields = Self.fixedFields
        fields.append(("Content-Length", String(body.count)))
        if let origin { fields.append(("Access-Control-Allow-Origin", origin)) }
        if let type { fields[0].value = type }
    }

    /// A refusal.
    init(_ refusal: HTTPRefusal, version: String, hash: String?, origin: String?) {
        self.init(refusal.status, body: refusal.body(version: version, hash: hash), origin: origin)
        if refusal == .badMethod { fields.append(("Allow", "GET, POST")) }
    }

    /// A page of text.
    init(text: String, origin: String?) {
        self.init(.ok, type: "text/plain; charset=utf-8", body: Array(text.utf8), origin: origin)
    }

    /// The answer to a preflight of an allowed Origin.
    init(preflight request: HTTPRequestHead, origin: String?) {
        self.init(.ok, type: "text/plain; charset=utf-8", body: [], origin: origin)
        let asked = request.headers.first(name: "access-control-request-headers")
        fields.append(("Access-Control-Allow-Methods", "POST, GET"))
        fields.append(("Access-Control-Allow-Headers", asked ?? "content-type"))
        fields.append(("Access-Control-Max-Age", "600"))
        for network in ["Private", "Local"] {
            let question = request.headers["access-control-request-\(network.lowercased())-network"]
            if question.contains(where: { $0.utf8.elementsEqual("true".utf8) }) {
                fields.append(("Access-Control-Allow-\(network)-Network", "true"))
            }
        }
    }

    /// The peer is told that nothing comes after it.
    mutating func close() {
        fields.append(("Connection", "close"))
    }

    /// Its head as it goes out.
    var head: [UInt8] { Self.head(status, fields) }

    /// A head as it goes out; what a field has of control characters, a line break among them, stays out of it.
    static func head(_ status: HTTPResponseStatus, _ fields: [Field]) -> [UInt8] {
        var head: [UInt8] = []
        head.reserveCapacity(512)
        head += "HTTP/1.1 \(status.code) ".utf8
        head += status.reasonPhrase.utf8
        for (name, value) in fields {
            head += "\r\n".utf8
            append(name, to: &head)
            head += ": ".utf8
            append(value, to: &head)
        }
        head += "\r\n\r\n".utf8
        return head
    }

    private static func append(_ text: String, to head: inout [UInt8]) {
        func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }
        guard text.utf8.contains(where: isControl) else { return head.append(contentsOf: text.utf8) }
        head += text.utf8.lazy.filter { !isControl($0) }
    }
}
