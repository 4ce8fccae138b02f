// SPDX-License-Identifier: Apache-2.0

import JSON

/// Why an answer can't be used by us as a client.
package enum ReplyError: Error, Equatable, Sendable {
    /// It is not a JSON object with a `Success`; why, and nothing of its text.
    case malformed(String)
    /// It claims success, but whoever sent it doesn't have our key.
    case unverified
    /// It is signed with our key, but doesn't answer what we sent: somebody without the key repeats an older message.
    case replayed
}

/// An answer that we got as a client, verified and decrypted.
package struct IncomingReply: Sendable {
    /// Whether it was done.
    ///
    /// A failure is not signed, so it may come from anyone.
    package let success: Bool
    /// Our Id, as the other side knows it.
    package let id: String?
    /// How many entries there are, where it says so.
    package let count: Int?
    /// The entries.
    package let entries: [ReplyEntry]
    /// The UUID of the entry that was saved.
    package let uuid: String?
    /// What went wrong.
    package let error: String?
    /// The version of the protocol.
    package let version: String?
    /// The vault's hash.
    package let hash: String?

    /// Reads an answer, and verifies and decrypts it where it claims success.
    /// - Parameters:
    ///   - bytes: The body.
    ///   - key: Our key; nil for the answer to a ping, of which nothing that needs a key is read.
    ///   - request: The nonce of the request that it must answer; without one, an older answer may pass for it.
    /// - Throws: `malformed`, `unverified`, `replayed`.
    package init(
        parsing bytes: [UInt8],
        key: ClientKey?,
        answering request: Nonce? = nil
    ) throws(ReplyError) {
        let members: JSONObject
        do {
            members = try JSONReader.object(bytes)
        } catch {
            throw .malformed("\(error.reason) at byte \(error.offset)")
        }
        guard case .bool(let success)? = members["Success"] else { throw .malformed("no Success") }
        self.success = success
        id = members["Id"]?.nonEmptyString
        if case .number(let text)? = members["Count"] { count = Int(text) } else { count = nil }
        error = members["Error"]?.nonEmptyString
        version = members["Version"]?.nonEmptyString
        hash = members["Hash"]?.nonEmptyString
        guard success, let key else {
            entries = []
            uuid = nil
            return
        }
        let message: VerifiedMessage
        do throws(VerificationFailure) {
            message = try Self.message(members, key)
        } catch {
            throw .unverified
        }
        if let request, !message.nonce.isReply(to: request, under: key) { throw .replayed }
        do {
            entries = try Self.entries(members["Entries"], message)
            uuid = try EncryptedField(members["Uuid"]).map { field throws(VerificationFailure) in
                try message.decryptText(field)
            }
        } catch {
            throw .unverified
        }
    }

    private static func message(
        _ members: JSONObject,
        _ key: ClientKey
    ) throws(VerificationFailure) -> VerifiedMessage {
        guard let signature = RequestSignature(of: members) else { throw VerificationFailure() }
        return try VerifiedMessage(verifyingReply: signature, with: key)
    }

    private static func entries(
        _ value: JSONValue?,
        _ message: VerifiedMessage
    ) throws(VerificationFailure) -> [ReplyEntry] {
        guard case .array(let elements)? = value else { return [] }
        return try elements.map { element throws(VerificationFailure) in
            guard case .object(let members) = element else { throw VerificationFailure() }
            return try ReplyEntry(members, message)
        }
    }
}

extension ReplyEntry {
    fileprivate init(
        _ members: JSONObject,
        _ message: VerifiedMessage
    ) throws(VerificationFailure) {
        func text(_ members: JSONObject, _ name: String) throws(VerificationFailure) -> String {
            guard let field = EncryptedField(members[name]) else { return "" }
            return try message.decryptText(field)
        }
        self.init(
            name: try text(members, "Name"),
            login: try text(members, "Login"),
            password: try message.decrypt(EncryptedField(members["Password"]) ?? .unusable),
            uuid: try text(members, "Uuid")
        )
        if case .object(let group)? = members["Group"] {
            self.group = Group(name: try text(group, "Name"), uuid: try text(group, "Uuid"))
        }
        if case .array(let fields)? = members["StringFields"] {
            stringFields = try fields.map { field throws(VerificationFailure) in
                guard case .object(let field) = field else { throw VerificationFailure() }
                return StringField(
                    key: try text(field, "Key"),
                    value: try message.decrypt(EncryptedField(field["Value"]) ?? .unusable)
                )
            }
        }
    }
}
