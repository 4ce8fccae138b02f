// SPDX-License-Identifier: Apache-2.0

import SecureMemory

extension SavePreview {
    /// Says what a draft would change, as far as that can be told from what is public.
    ///
    /// For the question: the title, the user name and a URL without a secret part are compared with the stored ones;
    /// whatever else the draft brings is named whether it differs or not, so that neither the question nor what comes
    /// before it reveals anything about a password, a token in a URL, a string field or the entry's settings.
    /// - Throws: `refused` for what no client may write, whatever is stored.
    package init(_ draft: LoginDraft, stored: Login?) throws(VaultError) {
        if let refusal = draft.refusal { throw .refused(refusal) }
        let before = stored ?? Login(id: .random(), title: "")
        let after = before.changed(by: draft)
        // A stored URL can only equal a wholly public one if it is wholly public, too.
        let namesURL = draft.url.map { !PublicURL.isWhole($0) || $0 != before.url } ?? false
        var fields = Self.textChanges(before, after, namesURL: namesURL)
        // In the order in which people read it.
        if draft.password.map({ stored != nil || !$0.isEmpty }) ?? false {
            fields.insert("Password", at: fields.firstIndex(of: "Url") ?? fields.endIndex)
        }
        if let realm = draft.realm, stored != nil || !realm.isEmpty { fields.append("Realm") }
        let own = PageAddress(loose: after.url)?.hostAndPort
        if draft.allowHosts.contains(where: { $0 != own }) { fields.append("Allow") }
        // A new entry has nothing that could be removed.
        fields += Self.ordered(draft.fields.filter { stored != nil || $0.value != nil }.keys)
        self.init(
            stored: stored,
            changedFields: fields,
            newHosts: try Self.newHosts(before: stored, after: after, draft),
            lostHosts: Self.lostHosts(before: stored, after: after)
        )
    }

    /// Says what a draft would change, its secrets compared with the stored ones: for the save itself, and only after
    /// the person's word.
    ///
    /// - Parameters:
    ///   - draft: What is to be saved.
    ///   - stored: The login as it is stored now, or nil if a new one would be made.
    ///   - secrets: Its secrets.
    /// - Throws: `refused` for what no client may write.
    package init(_ draft: LoginDraft, stored: Login?, secrets: LoginSecrets?) throws(VaultError) {
        if let refusal = draft.refusal { throw .refused(refusal) }
        let before = stored ?? Login(id: .random(), title: "")
        var known = secrets?.fields ?? [:]
        // The protocol has no member of its own for notes: to a client they are a string field that it may write.
        if draft.fields["Notes"] != nil, let notes = secrets?.notes, !notes.isEmpty { known["Notes"] = notes }
        let after = before.changed(by: draft, fields: known)
        let password = secrets?.password ?? SecretBytes(utf8: "")
        var fields = Self.textChanges(before, after, namesURL: after.url != before.url)
        if draft.password.map({ $0 != password }) ?? false {
            fields.insert("Password", at: fields.firstIndex(of: "Url") ?? fields.endIndex)
        }
        if after.realm != before.realm { fields.append("Realm") }
        if after.allow != before.allow { fields.append("Allow") }
        fields += Self.ordered(draft.fields.filter { $0.value != known[$0.key] }.keys)
        self.init(
            stored: stored,
            changedFields: fields,
            newHosts: try Self.newHosts(before: stored, after: after, draft),
            lostHosts: Self.lostHosts(before: stored, after: after)
        )
    }

    /// String fields in the order of their weight, since a question may not have space for all: some program's settings,
    /// one-time codes, further URLs, the rest.
    private static func ordered(_ names: some Sequence<String>) -> [String] {
        func rank(_ name: String) -> Int {
            if LoginDraft.isSettings(name) { return 0 }
            return ["otp", "TimeOtp-", "HmacOtp-", "TOTP "].contains { name.hasPrefix($0) }
                ? 1 : Login.isFurtherURL(name) ? 2 : 3
        }
        return names.sorted { (rank($0), $0) < (rank($1), $1) }
    }

    private static func textChanges(_ before: Login, _ after: Login, namesURL: Bool) -> [String] {
        [
            ("Name", after.title != before.title),
            ("Login", after.username != before.username),
            ("Url", namesURL),
        ].filter(\.1).map(\.0)
    }

    /// - Throws: `refused` where a person would have to read more of them than fit a question.
    private static func newHosts(
        before: Login?,
        after: Login,
        _ draft: LoginDraft
    ) throws(VaultError) -> [String] {
        let known = Set(before?.addresses.map(Reach.init) ?? [])
        let reached = after.addresses.filter { address in
            // A host that it matched without a port was matched on the scheme's own port, too.
            !known.contains(Reach(address))
                && !(address.address.isOnOwnPort && known.contains(Reach(address, port: nil)))
        }
        let allowed = after.allow.subtracting(before?.allow ?? [])
        // What the draft brings for Allow counts whether or not it is there already: how many are too many is one answer.
        guard Set(reached.map(\.text) + draft.allowHosts).count <= LoginDraft.mostNewHosts else {
            throw .refused(LoginDraft.hostsRefusal)
        }
        var hosts: [String] = []
        var seen: Set<String> = []
        for host in reached.map(\.text) + allowed.sorted() where seen.insert(host).inserted {
            hosts.append(host)
        }
        return hosts
    }

    private static func lostHosts(before: Login?, after: Login) -> [String] {
        let kept = after.addresses
        let reached = Set(kept.map(Reach.init))
        let hosts = Set(kept.map(\.host))
        let onOwnPort = Set(kept.filter(\.address.isOnOwnPort).map(\.host))
        var seen: Set<String> = []
        return (before?.addresses ?? []).filter { old in
            let isKept =
                reached.contains(Reach(old)) || reached.contains(Reach(old, port: nil))
                || onOwnPort.contains(old.host) || old.parents.contains(where: hosts.contains)
            return !isKept && seen.insert(old.text).inserted
        }.map(\.text)
    }

    private struct Reach: Hashable {
        let key: String
        let port: UInt16?

        init(_ belonging: Login.Belonging) {
            self.init(belonging, port: belonging.port)
        }

        init(_ belonging: Login.Belonging, port: UInt16?) {
            key = belonging.host
            self.port = port
        }
    }
}

extension Login.Belonging {
    /// The host as it is shown to a person, with the port if one is written.
    fileprivate var text: String { port.map { "\(host):\($0)" } ?? host }

    /// The domains that the host is in.
    fileprivate var parents: [String] {
        host.indices.filter { host[$0] == "." }.map { String(host[host.index(after: $0)...]) }
    }

    /// The host, with its wildcards.
    fileprivate var host: String {
        if case .pattern(let pattern) = rule { pattern.text(address.key) } else { address.key }
    }
}
