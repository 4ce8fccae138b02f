// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import SecureMemory
import TestSupport

/// A client program with a key of its own, as any KeePassHttp client works.
struct ClientProgram: Sendable {
    let session: DaemonSession
    let key: ClientKey
    let id: String?

    init(_ session: DaemonSession, id: String? = nil, key: ClientKey = .random()) {
        self.session = session
        self.id = id
        self.key = key
    }

    /// Sends a request and reads the answer, verified where it claims success.
    func ask(
        _ type: RequestType,
        _ fields: [(name: String, value: String)] = [],
        triggerUnlock: Bool = false
    ) async throws -> IncomingReply {
        let reply = try await session.send(try body(type, fields, triggerUnlock: triggerUnlock))
        return try IncomingReply(parsing: reply.body, key: key)
    }

    /// The bytes of a request.
    func body(
        _ type: RequestType,
        _ fields: [(name: String, value: String)] = [],
        triggerUnlock: Bool = false
    ) throws -> [UInt8] {
        try OutgoingRequest(
            type,
            id: id,
            fields: fields.map { (name: $0.name, value: SecretBytes(utf8: $0.value)) },
            triggerUnlock: triggerUnlock
        ).encoded(with: key)
    }

    /// Associates, answered with an allow, and gives the client with its Id.
    static func associated(with session: DaemonSession, as id: String) async throws -> ClientProgram {
        let client = ClientProgram(session)
        let reply = try await BusAnswerer(session).answering(["id": id]) { try await client.ask(.associate) }
        guard reply.success else {
            let log = try session.daemon.soFar.errors
            throw TestFailure("not associated as \(id): \(reply.error ?? "") \(log)")
        }
        return ClientProgram(session, id: reply.id, key: client.key)
    }

    /// Saves a login, answered with an allow.
    func save(_ url: String, login: String, password: String) async throws -> IncomingReply {
        try await BusAnswerer(session).answering {
            try await ask(.setLogin, [("Url", url), ("Login", login), ("Password", password)])
        }
    }
}

/// An associate request of a client that nobody knows.
func associateBody() throws -> [UInt8] {
    try OutgoingRequest(.associate).encoded(with: .random())
}
