// SPDX-License-Identifier: Apache-2.0

import SecretService
import SecureMemory
import Vault

/// An item in which another program keeps a login, read by the attributes that this program writes.
struct OriginItem {
    let origin: LoginOrigin
    private let item: KeyringItem

    /// An item of one of some programs; nil for any other.
    init?(_ item: KeyringItem, among origins: Set<LoginOrigin>) {
        guard !origins.isEmpty, !Self.isOwn(item),
            let origin = Self.origins(item).first(where: origins.contains)
        else { return nil }
        self.origin = origin
        self.item = item
    }

    /// The programs that an item can be from, the most certain first.
    private static func origins(_ item: KeyringItem) -> [LoginOrigin] {
        let schema: [LoginOrigin] =
            switch item.schema {
            case Schema.epiphany: [.epiphany]
            case Schema.git: [.git]
            // git's helper has a schema of its own; older ones, as Debian 12 has it, are known by their labels alone.
            case Schema.network: item.label.hasPrefix("Git: ") ? [.git, .network] : [.network]
            default: []
            }
        return schema + (item.entry == nil ? [] : [.keepassxc])
    }

    /// Whether it is one of Keybell's own, of whatever kind.
    private static func isOwn(_ item: KeyringItem) -> Bool { item.schema.hasPrefix("org.keybell.") }

    /// The schemas under which a program's items are found; none for KeePassXC, whose entries need have none.
    static func schemas(_ origin: LoginOrigin) -> [String] {
        switch origin {
        case .epiphany: [Schema.epiphany]
        case .git: [Schema.git, Schema.network]
        case .network: [Schema.network]
        case .keepassxc: []
        }
    }

    private enum Schema {
        static let epiphany = "org.epiphany.FormPassword"
        static let git = "org.git.Password"
        static let network = "org.gnome.keyring.NetworkPassword"
    }

    // MARK: - The login

    /// The login's own name, where the item has one.
    static func id(_ item: KeyringItem) -> LoginID? {
        isOwn(item) ? nil : item.entry.flatMap { LoginID(hex: $0.uuid) }
    }

    /// The public part of an item of another program, from which to make its name.
    static func publicFacts(_ item: KeyringItem) -> [String: String]? {
        guard let other = OriginItem(item, among: Set(LoginOrigin.allCases)) else { return nil }
        return ["schema": item.schema, "username": other.username, "url": PublicURL.text(of: other.url)]
    }

    /// Reads the login.
    func login(_ id: LoginID, identity: VaultIdentity) -> Login {
        let group = place
        return Login(
            id: id,
            title: title,
            username: username,
            url: url,
            group: LoginGroup(path: group, id: identity.group(group)),
            furtherURLs: furtherURLs,
            settings: settings,
            origin: origin
        )
    }

    /// Of what its program keeps in the secret, the password.
    static func password(in secret: SecretBytes, of origin: LoginOrigin) -> SecretBytes {
        // git's helper adds a line for each of what else it is given: when the password expires, a token that renews it.
        guard origin == .git else { return secret }
        return secret.withSpan { bytes in
            let end = bytes.indices.first { bytes[$0] == UInt8(ascii: "\n") } ?? bytes.count
            return end == bytes.count ? secret : SecretBytes(copying: (0..<end).map { bytes[$0] })
        }
    }

    /// What Seahorse shows of it.
    private var title: String {
        let title = origin == .keepassxc ? item.entry?.title ?? "" : item.label
        return title.isEmpty ? PageAddress(loose: url)?.hostAndPort ?? url : title
    }

    private var username: String {
        switch origin {
        case .epiphany: attribute("username")
        case .git, .network: attribute("user")
        case .keepassxc: item.entry?.username ?? ""
        }
    }

    private var url: String {
        switch origin {
        case .epiphany: attribute("uri")
        // What `object` says differs from program to program: of git's helper it is the path.
        case .git: server + (attribute("object").isEmpty ? "" : "/" + attribute("object"))
        case .network: server
        case .keepassxc: item.entry?.url ?? ""
        }
    }

    private var server: String {
        var host = attribute("server")
        guard !host.isEmpty else { return "" }
        if host.utf8.count(where: { $0 == UInt8(ascii: ":") }) > 1, !host.hasPrefix("[") {
            host = "[\(host)]"
        }
        let (scheme, port) = (attribute("protocol"), attribute("port"))
        return (scheme.isEmpty ? "" : scheme + "://") + host + (["", "0"].contains(port) ? "" : ":" + port)
    }

    private func attribute(_ name: String) -> String { item.attributes[name] ?? "" }

    private var place: String {
        guard let group = item.entry?.group, origin == .keepassxc, !group.isEmpty else { return origin.group }
        return origin.group + "/" + group
    }

    private var furtherURLs: [String] {
        guard origin == .keepassxc, let fields = item.entry?.fields else { return [] }
        return fields.filter { Login.isFurtherURL($0.key) }.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Who may not have it, and its realm.
    ///
    /// Not who may have it without a question: any program may write that to it by way of the Secret Service.
    private var settings: EntrySettings {
        guard origin == .keepassxc, let json = item.entry?.fields[EntrySettings.fieldName] else {
            return EntrySettings()
        }
        var settings = EntrySettings(json: json.utf8)
        settings.allow = []
        return settings
    }
}
