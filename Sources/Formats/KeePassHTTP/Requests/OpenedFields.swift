// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

/// The encrypted fields of a verified request, decrypted all at once.
///
/// In one go, so that the fields of a request count together against its nonce, before any other request under the
/// same nonce is looked at.
package struct OpenedFields: Sendable {
    /// One member of `StringFields`.
    package struct StringField: Sendable {
        /// The field's name.
        package let name: String
        /// Its new value; nil removes it.
        package let value: SecretBytes?
    }

    private let single: [String: SecretBytes]
    private let lists: [String: [SecretBytes]]

    /// What stood in `StringFields`, as it came.
    package let stringFields: [StringField]

    /// The name of a member that is text and contains a NUL, if there is one: such a request can't be served, since the
    /// C libraries that get texts would not see what follows a NUL.
    package let fieldWithNUL: String?

    /// A decrypted field; nil when it is absent or empty.
    package func secret(_ name: String) -> SecretBytes? {
        single[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A decrypted field that is text; nil when it is absent or empty.
    package func text(_ name: String) -> String? {
        secret(name)?.exposedText()
    }

    /// The decrypted texts of a field that is a list.
    package func texts(_ name: String) -> [String] {
        lists[name, default: []].compactMap { $0.exposedText() }
    }

    /// Decrypts what a request of its type may have; nil if anything of that doesn't decrypt.
    ///
    /// All of it is decrypted even if the first part doesn't: failing takes as long as succeeding.
    init?(_ request: Request, in message: VerifiedMessage) {
        let form = request.type.encryptedForm
        var isWhole = true
        var withNUL: String?
        func open(_ field: EncryptedField, of member: String, isText: Bool = true) -> SecretBytes? {
            let plain = try? message.decrypt(field)  // there is but one failure, and it says nothing
            guard let plain, !isText || plain.isText else {
                isWhole = false
                return nil
            }
            if isText, plain.hasNUL { withNUL = withNUL ?? member }
            return plain
        }
        var single: [String: SecretBytes] = [:]
        for name in form.texts { single[name] = request.field(name).flatMap { open($0, of: name) } }
        for name in form.secrets {
            single[name] = request.field(name).flatMap { open($0, of: name, isText: false) }
        }
        var lists: [String: [SecretBytes]] = [:]
        for name in form.lists { lists[name] = request.fields(name).compactMap { open($0, of: name) } }
        let changes = form.hasStringFields ? request.stringFields : []
        stringFields = changes.compactMap { change in
            let name = open(change.key, of: "StringFields")?.exposedText()
            let value = change.value.flatMap { open($0, of: "StringFields", isText: false) }
            return name.map { StringField(name: $0, value: value) }
        }
        guard isWhole else { return nil }
        (self.single, self.lists, fieldWithNUL) = (single, lists, withNUL)
    }
}

extension VerifiedMessage {
    /// Decrypts all encrypted fields of the message; nil if any of them doesn't decrypt.
    package func open(_ request: Request) -> OpenedFields? {
        OpenedFields(request, in: self)
    }
}

/// Which of its members a request type encrypts.
private struct EncryptedForm {
    var texts: [String] = []
    var secrets: [String] = []
    var lists: [String] = []
    var hasStringFields = false
}

extension RequestType {
    fileprivate var encryptedForm: EncryptedForm {
        switch self {
        case .testAssociate, .associate, .getAllLogins, .generatePassword: EncryptedForm()
        case .getLogins, .getLoginsCount: EncryptedForm(texts: ["Url", "SubmitUrl", "Realm", "Login"])
        case .getLoginsByNames: EncryptedForm(lists: ["Names"])
        case .getLoginByUUID: EncryptedForm(texts: ["Uuid"])
        case .customSearch: EncryptedForm(texts: ["SearchString"])
        case .setLogin:
            EncryptedForm(
                texts: ["Uuid", "Login", "Name", "Url", "SubmitUrl", "Realm"],
                secrets: ["Password"],
                hasStringFields: true
            )
        }
    }
}

extension SecretBytes {
    /// Whether it is UTF-8: damaged blocks can end in a right padding.
    fileprivate var isText: Bool {
        // Where it is wrong doesn't matter.
        withSpan { (try? UTF8Span(validating: $0)) != nil }
    }

    fileprivate var hasNUL: Bool {
        withSpan { span in
            for index in span.indices where span[index] == 0 { return true }
            return false
        }
    }
}
