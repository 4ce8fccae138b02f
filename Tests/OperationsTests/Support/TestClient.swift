// SPDX-License-Identifier: Apache-2.0

import Callers
import KeePassHTTP
import Linux
import Operations
import SecureMemory

/// A client and the program that it is.
struct TestClient: Sendable {
    var id: String
    var key = ClientKey.random()
    var caller: Caller = .named("firefox")

    /// The same key in other hands.
    func from(_ caller: Caller) -> TestClient {
        TestClient(id: id, key: key, caller: caller)
    }

    /// The same under the Id that it was given.
    func named(_ id: String) -> TestClient { TestClient(id: id, key: key, caller: caller) }

    func request(
        _ type: RequestType,
        _ fields: KeyValuePairs<String, String> = [:],
        names: [String] = [],
        stringFields: [(key: String, value: String?)] = [],
        triggerUnlock: Bool = false,
        flags: [(name: String, value: Bool)] = []
    ) throws -> [UInt8] {
        try OutgoingRequest(
            type,
            id: id.isEmpty ? nil : id,
            fields: fields.map { (name: $0.key, value: SecretBytes(utf8: $0.value)) },
            names: names,
            stringFields: stringFields.map { field in
                (key: field.key, value: field.value.map { SecretBytes(utf8: $0) })
            },
            triggerUnlock: triggerUnlock,
            flags: flags
        ).encoded(with: key)
    }
}

/// Somebody at the other end of a connection, found out already.
struct KnownRequester: Requester {
    let known: Caller
    var isThere = true

    func caller() async -> Caller { known }

    func asker() async -> Caller { known }
}

extension Caller {
    static func named(_ name: String, _ pid: Int32 = 100, origin: String? = nil) -> Caller {
        Caller(
            uid: 1000,
            holders: [ProcessIdentity(pid: pid, startTime: 1)],
            processes: [
                ProcessRecord(
                    identity: ProcessIdentity(pid: pid, startTime: 1),
                    executable: "/usr/bin/\(name)"
                )
            ],
            origin: origin
        )
    }

    /// Programs that hold one connection together.
    static func sharedBy(_ names: String...) -> Caller {
        Caller(
            socket: SocketOwner(uid: 1000, inode: 1),
            present: zip(names, Int32(100)...).compactMap {
                Holder(processes: Caller.named($0, $1).processes)
            }
        )
    }

    static let nobody = Caller.unknown(uid: 1000)
}
