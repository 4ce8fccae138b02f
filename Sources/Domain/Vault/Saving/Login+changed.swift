// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

extension Login {
    /// The login as a draft makes it, as far as that can be told without its string fields: none of its further URLs is
    /// removed.
    func changed(by draft: LoginDraft) -> Login {
        var login = changed(by: draft, fields: [:])
        login.fieldNames = Set(fieldNames).union(draft.fields.keys).sorted()
        let brought = draft.fields.compactMapValues(\.self)
        login.furtherURLs = furtherURLs + Login.furtherURLs(in: brought)
        return login
    }

    /// The login as a draft makes it, its dates left as they are.
    /// - Parameters:
    ///   - draft: What changes.
    ///   - fields: The string fields that it has now.
    /// - Returns: The login to store.
    package func changed(by draft: LoginDraft, fields: [String: SecretBytes]) -> Login {
        var login = self
        login.title = draft.title ?? title
        login.username = draft.username ?? username
        login.url = draft.url ?? url
        if draft.url != nil || draft.fields.keys.contains(where: Login.isFurtherURL) { login.resolved = nil }
        // What its groups already say needn't be said again.
        if let realm = draft.realm, realm != self.realm { login.settings.realm = realm.isEmpty ? nil : realm }
        let result = fields.changed(by: draft)
        login.fieldNames = result.keys.sorted()
        if draft.fields.keys.contains(where: Login.isFurtherURL) {
            login.furtherURLs = Login.furtherURLs(in: result)
        }
        // Only a host other than its own goes into Allow; for its own the person is still asked.
        let own = PageAddress(loose: login.url)?.hostAndPort
        login.settings.allow.formUnion(draft.allowHosts.filter { $0 != own && !allows($0) })
        return login
    }

    /// The further URLs among string fields, by the fields' names.
    package static func furtherURLs(in fields: [String: SecretBytes]) -> [String] {
        fields.filter { isFurtherURL($0.key) }.sorted { $0.key < $1.key }.compactMap {
            $0.value.exposedText()
        }
    }
}

extension [String: SecretBytes] {
    /// String fields as a draft makes them.
    package func changed(by draft: LoginDraft) -> [String: SecretBytes] {
        draft.fields.reduce(into: self) { fields, change in fields[change.key] = change.value }
    }
}

extension LoginDraft {
    /// Whether a string field of this name would be something other than a string field.
    ///
    /// The settings decide who is asked; the others are the login's own parts, which have their own place in a
    /// request, and there are compared and shown.
    static func isReserved(_ fieldName: String) -> Bool {
        [EntrySettings.fieldName, "Title", "UserName", "Password", "URL"].contains(fieldName)
    }
}
