// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// An answer as HTTP: status, fields and body.
struct ServerResponse: Sendable {
    /// The fields of every answer with a JSON body.
    static let fixedFields = [
        ("Content-Type", "application/json"), ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"), ("Vary", "Origin"),
    ]

    private(set) var head: HTTPResponse
    let body: [UInt8]

    /// Makes an answer that says how long it is.
    ///
    /// - Parameters:
    ///   - status: Its status.
    ///   - type: The body's media type.
    ///   - body: The body.
    ///   - origin: The allowed Origin, which may read it.
    init(_ status: HTTPResponse.Status, type: String? = nil, body: [UInt8], origin: String?) {
        self.body = body
        head = HTTPResponse(status: status)
        for (name, value) in Self.fixedFields { set(name, value) }
        if let type { set("Content-Type", type) }
        set("Content-Length", "\(body.count)")
        if let origin { set("Access-Control-Allow-Origin", origin) }
    }

    /// A refusal.
    init(_ refusal: HTTPRefusal, version: String, hash: String?, origin: String?) {
        self.init(refusal.status, body: refusal.body(version: version, hash: hash), origin: origin)
        if refusal == .badMethod { set("Allow", "GET, POST") }
    }

    /// A page of text.
    init(text: String, origin: String?) {
        self.init(.ok, type: "text/plain; charset=utf-8", body: Array(text.utf8), origin: origin)
    }

    /// The answer to a preflight of an allowed Origin.
    init(preflight request: HTTPRequest, origin: String?) {
        self.init(.ok, type: "text/plain; charset=utf-8", body: [], origin: origin)
        set("Access-Control-Allow-Methods", "POST, GET")
        let asked = request.headerFields.first { $0.name.canonicalName == "access-control-request-headers" }
        set("Access-Control-Allow-Headers", asked?.value ?? "content-type")
        set("Access-Control-Max-Age", "600")
        for network in ["Private", "Local"] {
            let question = "access-control-request-\(network.lowercased())-network"
            if request.headerFields.contains(where: {
                $0.name.canonicalName == question && $0.value == "true"
            }) {
                set("Access-Control-Allow-\(network)-Network", "true")
            }
        }
    }

    private mutating func set(_ name: String, _ value: String) {
        guard let name = HTTPField.Name(name) else { preconditionFailure("our field names are tokens") }
        head.headerFields[name] = value
    }
}
