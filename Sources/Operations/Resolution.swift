// SPDX-License-Identifier: Apache-2.0

import Secrecy
import Vault

/// A login as it is handed out: placeholders and field references resolved.
struct ResolvedLogin: Sendable {
    var title: String
    var username: String
    var secrets: LoginSecrets
}

extension Bell {
    /// Resolves what is handed out; most logins have nothing to resolve, and cost nothing.
    func resolve(_ offer: Offer, _ secrets: LoginSecrets) async throws(VaultError) -> ResolvedLogin {
        let login = offer.login
        var resolved = ResolvedLogin(title: login.title, username: login.username, secrets: secrets)
        let texts = [SecretBytes(utf8: login.title), SecretBytes(utf8: login.username), secrets.password]
        guard (texts + secrets.fields.values).contains(where: \.hasPlaceholder) else { return resolved }

        let refers = (texts + secrets.fields.values).contains(where: \.hasReference)
        let others = refers ? try await entries(of: offer.store) : []
        let resolver = PlaceholderResolver(now: now()) { reference in
            others.first { reference.means($0) }
        }
        let entry = PlaceholderEntry(login, secrets)
        func text(_ text: String) -> String {
            resolver.resolved(SecretBytes(utf8: text), of: entry).exposedText() ?? text
        }
        resolved.title = text(login.title)
        resolved.username = text(login.username)
        resolved.secrets.password = resolver.resolved(secrets.password, of: entry)
        resolved.secrets.fields = secrets.fields.mapValues { resolver.resolved($0, of: entry) }
        return resolved
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

    /// Whether there may be a field reference: `{REF:`, of either case.
    fileprivate var hasReference: Bool {
        let mark = Array("{ref:".utf8)
        return withSpan { span in
            guard span.count >= mark.count else { return false }
            for start in 0...(span.count - mark.count) {
                if mark.indices.allSatisfy({ span[start + $0] | 0x20 == mark[$0] | 0x20 }) { return true }
            }
            return false
        }
    }
}
