// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP

/// A request whose members can be spoilt one by one: each is raw JSON.
struct WireRequest: Sendable {
    var members: [String: String]

    /// A request that is signed, with encrypted fields.
    init(_ type: String, id: String?, key: ClientKey, _ fields: [String: String] = [:]) throws {
        let cipher = OutgoingCipher(key: key)
        let signature = try cipher.signature()
        members = [
            "RequestType": Self.quoted(type),
            "Nonce": Self.quoted(signature.nonce),
            "Verifier": Self.quoted(signature.verifier),
            "Hmac": Self.quoted(signature.hmac ?? ""),
        ]
        members["Id"] = id.map(Self.quoted)
        for (name, text) in fields { members[name] = Self.quoted(try cipher.field(text)) }
    }

    subscript(name: String) -> String? {
        get { members[name] }
        set { members[name] = newValue }
    }

    /// The same with one member another, or without it.
    func with(_ name: String, _ json: String?) -> WireRequest {
        var other = self
        other.members[name] = json
        return other
    }

    var bytes: [UInt8] {
        let pairs = members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        return Array("{\(pairs.joined(separator: ","))}".utf8)
    }

    private static func quoted(_ text: String) -> String { "\"\(text)\"" }
}
