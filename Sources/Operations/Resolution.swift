// SPDX-License-Identifier: Apache-2.0

import Secrecy
import Synchronization
import Vault

/// A login as it is handed out: placeholders and field references resolved.
struct ResolvedLogin: Sendable {
    var title: String
    var username: String
    var secrets: LoginSecrets
}

extension Bell {
    /// Resolves what is handed out; most logins have nothing to resolve, and cost nothing.
    ///
    /// What other entries are referred to shows only while texts are resolved, for those may refer to others again: it is
    /// tried until nothing is missing. An entry that is named by its uuid is looked up; only a reference by a text opens
    /// the whole vault.
    func resolve(_ offer: Offer, _ secrets: LoginSecrets) async throws(VaultError) -> ResolvedLogin {
        let login = offer.login
        let texts = [SecretBytes(utf8: login.title), SecretBytes(utf8: login.username), secrets.password]
        guard (texts + secrets.fields.values).contains(where: \.hasPlaceholder) else {
            return ResolvedLogin(title: login.title, username: login.username, secrets: secrets)
        }
        let others = ReferredEntries()
        while true {
            let resolved = resolved(login, secrets, others)
            guard let missing = others.takeMissing() else { return resolved }
            for id in missing.ids { others.add(try await entry(id, of: offer.store), id) }
            if missing.isAll { others.add(all: try await entries(of: offer.store)) }
        }
    }

    private func resolved(
        _ login: Login,
        _ secrets: LoginSecrets,
        _ others: ReferredEntries
    ) -> ResolvedLogin {
        let resolver = PlaceholderResolver(now: now()) { others.find($0) }
        let entry = PlaceholderEntry(login, secrets)
        func text(_ text: String) -> String {
            resolver.resolved(SecretBytes(utf8: text), of: entry).exposedText() ?? text
        }
        var resolved = ResolvedLogin(
            title: text(login.title),
            username: text(login.username),
            secrets: secrets
        )
        resolved.secrets.password = resolver.resolved(secrets.password, of: entry)
        resolved.secrets.fields = secrets.fields.mapValues { resolver.resolved($0, of: entry) }
        return resolved
    }

    private func entry(_ id: LoginID, of store: any VaultStore) async throws(VaultError) -> PlaceholderEntry?
    {
        do throws(VaultError) {
            guard let login = try await store.index().login(id) else { return nil }
            return PlaceholderEntry(login, try await store.secrets(of: id))
        } catch .notFound {
            return nil  // deleted meanwhile
        }
    }

    /// Every entry of a vault, opened: what a reference means can only be found by looking.
    private func entries(of store: any VaultStore) async throws(VaultError) -> [PlaceholderEntry] {
        var entries: [PlaceholderEntry] = []
        for login in try await store.index().everything {
            do throws(VaultError) {
                entries.append(PlaceholderEntry(login, try await store.secrets(of: login.id)))
            } catch .notFound {
                continue  // deleted meanwhile
            }
        }
        return entries
    }
}

extension PlaceholderEntry {
    fileprivate init(_ login: Login, _ secrets: LoginSecrets) {
        self.init(
            id: login.id,
            parts: [
                .title: SecretBytes(utf8: login.title),
                .username: SecretBytes(utf8: login.username),
                .password: secrets.password,
                .url: SecretBytes(utf8: login.url),
                .notes: secrets.notes,
            ],
            fields: secrets.fields
        )
    }
}

extension SecretBytes {
    fileprivate var hasPlaceholder: Bool {
        withSpan { span in
            for index in span.indices where span[index] == UInt8(ascii: "{") { return true }
            return false
        }
    }
}

/// The entries that references lead to, as far as they have been opened, and those that are still missing.
private final class ReferredEntries: Sendable {
    struct Missing {
        var ids: Set<LoginID> = []
        var isAll = false
    }

    private struct State {
        /// By uuid, nil where there is no such entry.
        var known: [LoginID: PlaceholderEntry?] = [:]
        var all: [PlaceholderEntry]?
        var missing = Missing()
    }

    private let state = Mutex(State())

    /// The first entry that a reference means; nil also while it is missing.
    func find(_ reference: FieldReference) -> PlaceholderEntry? {
        state.withLock { state in
            if reference.searched == .id {
                guard let id = LoginID(hex: reference.text) else { return nil }
                if let known = state.known[id] { return known }
                state.missing.ids.insert(id)
            } else if let all = state.all {
                return all.first { reference.means($0) }
            } else {
                state.missing.isAll = true
            }
            return nil
        }
    }

    /// What was looked for and not there, once; nil if nothing was.
    func takeMissing() -> Missing? {
        state.withLock { state in
            let missing = state.missing
            state.missing = Missing()
            return missing.ids.isEmpty && !missing.isAll ? nil : missing
        }
    }

    func add(_ entry: PlaceholderEntry?, _ id: LoginID) {
        state.withLock { $0.known[id] = .some(entry) }
    }

    func add(all entries: [PlaceholderEntry]) {
        state.withLock { $0.all = entries }
    }
}
