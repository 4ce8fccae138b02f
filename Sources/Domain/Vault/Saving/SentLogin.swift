// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

/// All that one save brings, as it was sent: before what is said twice, or kept only in part, is left out.
package struct SentLogin: Sendable {
    /// The title, user name, addresses and realm, as far as they were sent.
    package var texts: [String]
    /// The URL that is stored.
    package var url: String?
    /// The password.
    package var password: SecretBytes?
    /// String fields to set, or with nil to remove.
    package var fields: [(name: String, value: SecretBytes?)]

    /// Takes what was sent.
    package init(
        texts: [String],
        url: String?,
        password: SecretBytes?,
        fields: [(name: String, value: SecretBytes?)]
    ) {
        self.texts = texts
        self.url = url
        self.password = password
        self.fields = fields
    }

    /// Why no client may save it, as a sentence; nil where one may.
    ///
    /// Whatever is stored, so that it is known before anybody is asked; and before a field's name becomes a dictionary's key.
    package var refusal: String? {
        if let excess { return excess }
        // First, because characters that a store leaves out could hide something from the other checks and the person.
        if holdsUnstorable { return LoginDraft.unstorableRefusal }
        if let name = fields.first(where: { LoginDraft.isReserved($0.name) })?.name {
            return "The field \(name) can't be written as a string field."
        }
        return holdsPlaceholder ? LoginDraft.placeholderRefusal : foreignRefusal
    }

    /// Which part of it exceeds what one save may bring; nil if nothing does.
    private var excess: String? {
        if fields.count > LoginDraft.mostFields {
            return "At most \(LoginDraft.mostFields) string fields can be saved at once."
        }
        if texts.contains(where: { $0.utf8.count > LoginDraft.longestText }) {
            return "A title, user name, URL or realm may have at most \(LoginDraft.longestText) bytes."
        }
        if fields.contains(where: { $0.name.utf8.count > LoginDraft.longestName }) {
            return "A string field's name may have at most \(LoginDraft.longestName) bytes."
        }
        if secrets.contains(where: { $0.count > LoginDraft.longestSecret }) {
            return "A password or a string field may have at most \(LoginDraft.longestSecret) bytes."
        }
        let sizes = texts.map(\.utf8.count) + fields.map(\.name.utf8.count) + secrets.map(\.count)
        guard sizes.reduce(0, +) <= LoginDraft.most else {
            return "At most \(LoginDraft.most) bytes can be saved at once."
        }
        return nil
    }

    /// Whether it holds a character that a store might leave out or can't keep.
    private var holdsUnstorable: Bool {
        (texts + fields.map(\.name)).contains { StorableText.isBroken($0) }
            || secrets.contains { StorableText.isBroken($0) }
    }

    /// Whether something in it has the form of a placeholder or a reference.
    private var holdsPlaceholder: Bool {
        (texts + fields.map(\.name)).contains { PlaceholderForm.stands(in: $0) }
            || secrets.contains { PlaceholderForm.stands(in: $0) }
    }

    /// Which part of it isn't a login's text but an instruction to some program; nil if nothing is.
    private var foreignRefusal: String? {
        if let name = fields.first(where: { LoginDraft.isForeignSetting($0.name) })?.name {
            return "The field \(name) steers other password managers, so that no client may save it."
        }
        let further = fields.filter { Login.isFurtherURL($0.name) }.compactMap { $0.value?.exposedText() }
        let urls = [url].compactMap(\.self) + further
        return urls.allSatisfy(LoginDraft.isPlainAddress) ? nil : LoginDraft.addressRefusal
    }

    private var secrets: [SecretBytes] { [password].compactMap(\.self) + fields.compactMap(\.value) }
}

extension LoginDraft {
    /// Why it can't be added as a new login that the person brings themselves, as a sentence; nil where it can.
    ///
    /// What a client may not write isn't added either: in a vault it would be something else than it was where it comes
    /// from. Just the number of hosts isn't limited, for nobody has to read them in a question.
    package var additionRefusal: String? {
        if id != nil { return "An entry that is there already can't be added." }
        if group.utf8.count > Self.longestGroup {
            return "A group's path may have at most \(Self.longestGroup) bytes."
        }
        if group.split(separator: "/").count > Self.mostGroupLevels {
            return "At most \(Self.mostGroupLevels) groups can be in one another."
        }
        return refusal
    }

    /// Why no client may save it, as a sentence; nil where one may.
    var refusal: String? {
        if StorableText.isBroken(group) { return Self.unstorableRefusal }
        return SentLogin(
            texts: [title, username, url, realm].compactMap(\.self),
            url: url,
            password: password,
            fields: fields.map { (name: $0.key, value: $0.value) }
        ).refusal
    }
}
