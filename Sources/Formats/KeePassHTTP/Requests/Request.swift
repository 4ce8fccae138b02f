// SPDX-License-Identifier: Apache-2.0

import DisplayText
import JSON
import UnicodeText

/// One request of a client, read but not verified.
package struct Request: Sendable {
    /// What is asked for.
    package let type: RequestType
    /// The client's Id, in NFC; in associate it is a proposal.
    package let id: String?
    /// What it is signed with; nil for a ping and for whatever else comes unsigned.
    package let signature: RequestSignature?
    /// Whether there is a `Key`, usable or not.
    package let hasKey: Bool
    /// The key that associate brings; nil also if it is not base64 of 16, 24 or 32 bytes.
    package let key: ClientKey?
    /// Whether the client would like a locked vault to be unlocked.
    package let triggerUnlock: Bool
    /// The encrypted parts of `StringFields`; a nil value removes the field.
    package let stringFields: [StringFieldChange]
    /// How many bytes it came in.
    package let length: Int

    let members: JSONObject

    /// One member of `StringFields`.
    package struct StringFieldChange: Hashable, Sendable {
        /// The field's name.
        package let key: EncryptedField
        /// Its new value; nil removes it.
        package let value: EncryptedField?
    }

    /// Reads a request's body.
    ///
    /// The keys may be in any order, unknown ones don't matter, and a malformed field isn't an error here: it fails
    /// when it is verified or decrypted, like any other that is wrong.
    /// - Parameter bytes: The body.
    /// - Returns: The request.
    /// - Throws: `malformedJSON`, `missing("RequestType")`, `unknownCommand`.
    package static func parse(_ bytes: [UInt8]) throws(RequestError) -> Request {
        let members: JSONObject
        do {
            members = try JSONReader.object(bytes, keeping: interest)
        } catch {
            throw .malformedJSON("\(error.reason) at byte \(error.offset)")
        }
        guard let name = members["RequestType"]?.nonEmptyString else { throw .missing("RequestType") }
        guard let type = ByteKey(name).flatMap({ RequestType(rawValue: $0.text) }) else {
            throw .unknownCommand(PlainText.field(name, limit: RequestError.longestQuote))
        }
        return Request(type: type, members: members, length: bytes.count)
    }

    /// Everything that any request has; whatever else is in one costs no more than skipping it.
    private static let interest = JSONReader.Interest(
        members: [
            "RequestType", "Id", "Nonce", "Verifier", "Hmac", keyMember, "TriggerUnlock",
            "StringFields", "Url", "SubmitUrl", "Realm", "Names", "Uuid", "SearchString", "Login", "Name",
            "Password",
        ] + SearchFlags.names,
        secretMember: keyMember,
        mostValues: mostValues
    )
    /// The client's key, in base64.
    private static let keyMember = "Key"
    /// How many names, or string fields, one request may bring.
    package static let mostValues = 16384

    private init(type: RequestType, members: JSONObject, length: Int) {
        self.length = length
        self.type = type
        // The key is read once, below, and must not be in anything that prints a request.
        self.members = members.without(Self.keyMember)
        id = Self.id(members["Id"])
        signature = RequestSignature(of: members)
        hasKey = members[Self.keyMember].map { !$0.isAbsentText } ?? false
        if case .secret(let text)? = members[Self.keyMember] {
            key = ClientKey(base64: text)
        } else {
            key = nil
        }
        triggerUnlock = members["TriggerUnlock"]?.asFlag ?? false
        stringFields = Self.stringFields(members["StringFields"])
    }

    /// An encrypted field, or nil if it is absent, null or an empty text.
    package func field(_ name: String) -> EncryptedField? {
        EncryptedField(members[name])
    }

    /// An array of encrypted fields, empty ones left out; empty if it is absent.
    package func fields(_ name: String) -> [EncryptedField] {
        guard let value = members[name], !value.isAbsentText else { return [] }
        guard case .array(let elements) = value else { return [.unusable] }
        return elements.compactMap(EncryptedField.init)
    }

    /// A plain flag in one of the spellings that clients use; anything else is the default.
    package func flag(_ name: String, default standard: Bool) -> Bool {
        members[name]?.asFlag ?? standard
    }

    /// A plain text, or nil if it is absent, null, empty or no text.
    package func text(_ name: String) -> String? {
        members[name]?.nonEmptyString
    }

    // An Id becomes an attribute of a keyring item, which C ends at a NUL: "a\0b" would be another client's "a".
    // No client sends that, nor one that is longer than a line.
    private static func id(_ value: JSONValue?) -> String? {
        guard let text = value?.nonEmptyString.flatMap(ByteKey.init)?.text, !text.utf8.contains(0) else {
            return nil
        }
        return text.composed
    }

    private static func stringFields(_ value: JSONValue?) -> [StringFieldChange] {
        guard let value, !value.isAbsentText else { return [] }
        guard case .object(let object) = value else {
            return [StringFieldChange(key: .unusable, value: .unusable)]
        }
        return object.members.compactMap { member in
            let key = EncryptedField(base64: member.name)
            return switch member.value {
            case .null: StringFieldChange(key: key, value: nil)
            case .string(""): nil
            default: StringFieldChange(key: key, value: EncryptedField(member.value))
            }
        }
    }
}
