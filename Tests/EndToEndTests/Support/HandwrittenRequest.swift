// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import SecureMemory

/// A request written by hand, member by member: what our own client would never send, others do.
///
/// It has no `Hmac`, like those of most clients in use.
struct HandwrittenRequest {
    /// The members' names and their values as JSON text, in the order of sending.
    var members: [(name: String, json: String)]

    /// Writes a signed request with encrypted fields.
    init(
        _ type: String,
        id: String? = nil,
        key: ClientKey,
        nonce: Nonce = .random(),
        _ fields: KeyValuePairs<String, String> = [:]
    ) throws {
        let cipher = OutgoingCipher(key: key, nonce: nonce)
        let signature = try cipher.signature()
        members = [("RequestType", Self.text(type))]
        if let id { members.append(("Id", Self.text(id))) }
        members += [("Nonce", Self.text(signature.nonce)), ("Verifier", Self.text(signature.verifier))]
        for (name, value) in fields { members.append((name, Self.text(try cipher.field(value)))) }
    }

    /// Writes an associate request.
    static func associate(_ key: ClientKey, id json: String? = nil) throws -> HandwrittenRequest {
        var request = try HandwrittenRequest("associate", key: key)
        request["Key"] = Self.text(key.base64().exposedText() ?? "")
        request["Id"] = json
        return request
    }

    /// The JSON text of a member; nil leaves it out.
    subscript(name: String) -> String? {
        get { members.first { $0.name == name }?.json }
        set {
            let place = members.firstIndex { $0.name == name }
            switch (place, newValue) {
            case (let place?, let json?): members[place].json = json
            case (let place?, nil): members.remove(at: place)
            case (nil, let json?): members.append((name, json))
            case (nil, nil): break
            }
        }
    }

    /// The message with a member changed.
    func with(_ name: String, _ json: String?) -> HandwrittenRequest {
        var request = self
        request[name] = json
        return request
    }

    /// The bytes, without any white space.
    var bytes: [UInt8] { written(between: "", colon: ":") }

    /// The bytes as a person would write them.
    var indented: [UInt8] { written(between: "\r\n\t", colon: " : ") }

    /// The bytes with a line break in each base64 text, as libraries for e-mail write it.
    func broken(every length: Int, by lineBreak: String = #"\r\n"#) -> [UInt8] {
        var request = self
        for name in ["Key", "Nonce", "Verifier", "Url", "Login", "Password"] {
            guard let json = request[name] else { continue }
            let text = json.dropFirst().dropLast()
            let lines = stride(from: 0, to: text.count, by: length).map { text.dropFirst($0).prefix(length) }
            request[name] = "\"" + lines.joined(separator: lineBreak) + "\""
        }
        return request.bytes
    }

    /// A JSON string.
    static func text(_ value: String) -> String {
        "\"" + value.replacing(#"\"#, with: #"\\"#).replacing("\"", with: #"\""#) + "\""
    }

    private func written(between: String, colon: String) -> [UInt8] {
        let lines = members.map { between + Self.text($0.name) + colon + $0.json }
        return Array(("{" + lines.joined(separator: ",") + between + "}").utf8)
    }
}

/// A client program that signs as the older ones do, without an `Hmac`.
struct ClientWithoutHmac: Sendable {
    let session: DaemonSession
    let key: ClientKey
    let id: String

    /// Associates, answered with an allow, under the Id that it proposes.
    static func associated(
        with session: DaemonSession,
        as id: String = "old",
        key: ClientKey = .random()
    ) async throws -> ClientWithoutHmac {
        let request = try HandwrittenRequest.associate(key, id: HandwrittenRequest.text(id))
        let reply = try await BusAnswerer(session).answering { try await session.send(request.bytes) }
        guard try reply.json["Id"] as? String == id else { throw TestFailure("not associated as \(id)") }
        return ClientWithoutHmac(session: session, key: key, id: id)
    }

    func request(
        _ type: String,
        nonce: Nonce = .random(),
        _ fields: KeyValuePairs<String, String> = [:]
    ) throws -> HandwrittenRequest {
        try HandwrittenRequest(type, id: id, key: key, nonce: nonce, fields)
    }

    /// Sends bytes and reads the answer, verified where it claims success.
    func send(_ bytes: [UInt8], headers: [String] = [], options: [String] = []) async throws -> IncomingReply
    {
        let reply = try await session.send(bytes, headers: headers, options: options)
        return try IncomingReply(parsing: reply.body, key: key)
    }

    /// Sends a request and reads the answer.
    func ask(_ type: String, _ fields: KeyValuePairs<String, String> = [:]) async throws -> IncomingReply {
        try await send(try request(type, fields).bytes)
    }
}

extension DaemonSession {
    /// A session with the daemon, where the person is asked about new clients only.
    static func trusting(_ configuration: String = "") async throws -> DaemonSession {
        try await DaemonSession(
            """
            [access]
            ask = "never"
            ask_bulk = "never"
            [save]
            ask = "never"
            \(configuration)
            """
        )
    }
}
