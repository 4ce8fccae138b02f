// SPDX-License-Identifier: Apache-2.0

import Approval
import KeePassHTTP
import Secrecy
import Vault

/// What a `set-login` asks for, decrypted (`protocol.md` section 4).
struct SaveWish: Sendable {
    let draft: LoginDraft
    /// The host of the client's own Url, and of its SubmitUrl where that is another.
    let host: String?
    let submitHost: String?
    /// Everything that makes two saves the same, secrets among it.
    let parts: [SecretBytes]

    init(_ ring: Ring) throws(Refusal) {
        let id = try Self.id(ring)
        let url = try ring.text("Url")
        let submit = try ring.text("SubmitUrl")
        let address = url.flatMap { PageAddress($0) }
        let submitAddress = submit.flatMap { PageAddress($0) }
        let host = address?.hostAndPort
        let submitHost = submitAddress?.hostAndPort == host ? nil : submitAddress?.hostAndPort
        let login = try ring.text("Login")
        let name = try ring.text("Name")
        let fields = try Self.fields(ring)

        if id == nil, url == nil, name == nil { throw .invalid(.missing("Url")) }
        draft = LoginDraft(
            id: id,
            username: login,
            password: try ring.secret("Password"),
            url: url.map { Self.withoutQuery($0) },
            title: name ?? (id == nil ? host ?? url : nil),
            group: ring.rules.saveGroup,
            realm: try ring.text("Realm"),
            allowHosts: submitHost.map { [$0] } ?? [],
            fields: fields
        )
        self.host = host
        self.submitHost = submitHost
        let members = ["Uuid", "Login", "Password", "Url", "SubmitUrl", "Realm", "Name"]
        var parts: [SecretBytes] = []
        for member in members { parts.append(try ring.secret(member) ?? SecretBytes(utf8: "")) }
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            parts += [SecretBytes(utf8: name), value ?? SecretBytes(utf8: "")]
        }
        self.parts = parts
    }

    /// A new entry as the person is asked about it.
    var line: EntryLine {
        EntryLine(uuid: "", title: draft.title ?? "", username: draft.username ?? "")
    }

    private static func id(_ ring: Ring) throws(Refusal) -> LoginID? {
        guard let text = try ring.text("Uuid") else { return nil }
        guard let id = LoginID(hex: text) else { throw .vault(.notFound) }
        return id
    }

    private static func fields(_ ring: Ring) throws(Refusal) -> [String: SecretBytes?] {
        var fields: [String: SecretBytes?] = [:]
        for field in ring.request.stringFields {
            do throws(VerificationFailure) {
                guard let name = try ring.conversation.decrypt(field.key).exposedText() else {
                    throw VerificationFailure()
                }
                let value = try field.value.map { value throws(VerificationFailure) in
                    try ring.conversation.decrypt(value)
                }
                fields.updateValue(value, forKey: name)
            } catch {
                throw .undecryptable
            }
        }
        guard fields[EntrySettings.fieldName] == nil else {
            throw .forbidden("\(EntrySettings.fieldName) can't be written by a client.")
        }
        return fields
    }

    private static func withoutQuery(_ url: String) -> String {
        String(url.prefix { $0 != "?" && $0 != "#" })
    }
}
