// SPDX-License-Identifier: Apache-2.0

import SecretService
import Vault

/// The items of a keyring vault as last seen, and the index over them; pure.
struct KeyringSnapshot {
    /// An extra's item, and what it holds; nil if that isn't ours to understand.
    struct Extra {
        let item: KeyringItem
        let content: SealedExtra?
    }

    /// The logins' items by their paths: Keybell's own, and those of the programs that are served.
    private(set) var items: [String: KeyringItem]
    private(set) var extras: [String: Extra]
    private(set) var index = LoginIndex([])
    private(set) var derived: [KeyringVaultState.Derived]
    private(set) var identityItem: KeyringItem?
    /// The logins that are left out, as if they were locked: what their owner said about hosts can't be read, and may
    /// be that one never gets them.
    private(set) var unreadable: Set<LoginID> = []
    private var paths: [LoginID: String] = [:]
    private var extraPaths: [String: String] = [:]
    private let origins: Set<LoginOrigin>
    /// The programs that keep logins which aren't Keybell's own.
    private var keepers: [LoginID: LoginOrigin] = [:]

    /// Orders what was read.
    ///
    /// - Parameters:
    ///   - items: The logins of Keybell's own.
    ///   - others: Items of the programs that are served, maybe among any others.
    ///   - extras: What belongs to logins.
    ///   - origins: The programs that are served.
    ///   - identity: The vault's.
    ///   - remembered: What a former naming said to remember.
    init(
        _ items: [KeyringItem],
        others: [KeyringItem] = [],
        extras: [Extra],
        origins: Set<LoginOrigin> = [],
        identity: VaultIdentity,
        remembered: [KeyringVaultState.Derived]
    ) {
        self.origins = origins
        let logins = items + others.compactMap { Self.login($0, origins) }
        self.items = Dictionary(logins.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
        self.extras = Dictionary(extras.map { ($0.item.path, $0) }, uniquingKeysWith: { $1 })
        derived = remembered
        arrange(identity)
    }

    /// Whether there is something at a path that is served, or belongs to that.
    func knows(_ path: String) -> Bool {
        items[path] != nil || extras[path] != nil
    }

    /// Whether an item is a login that is served, or belongs to one.
    func isOfUse(_ item: KeyringItem) -> Bool {
        item.schema == LoginItem.extraSchema || Self.login(item, origins) != nil
    }

    /// An item as far as it is of use as a login; nil if it is none that is served.
    private static func login(_ item: KeyringItem, _ origins: Set<LoginOrigin>) -> KeyringItem? {
        guard item.schema != LoginItem.schema else { return item }
        guard let other = OriginItem(item, among: origins) else { return nil }
        // Among those of an entry of KeePassXC's are fields that it protects.
        return other.origin == .keepassxc ? item.withoutAttributes : item
    }

    private func isAnothers(_ item: KeyringItem) -> Bool { OriginItem(item, among: origins) != nil }

    /// The program that keeps a login; nil for one of Keybell's own.
    func keeper(_ id: LoginID) -> LoginOrigin? { keepers[id] }

    /// The item of a login.
    func item(_ id: LoginID) -> KeyringItem? {
        paths[id].flatMap { items[$0] }
    }

    /// The extra of a login of Keybell's own, or of one that is gone; the newest, should there be two.
    func extra(_ id: LoginID) -> Extra? {
        keepers[id] == nil ? extraPaths[id.hex].flatMap { extras[$0] } : nil
    }

    /// The logins that are gone but have left an extra.
    var orphans: [LoginID] {
        extraPaths.keys.compactMap { LoginID(hex: $0) }.filter { paths[$0] == nil }
    }

    /// Takes in the present state of some items, by their paths; one that isn't among them is gone.
    mutating func update(
        _ paths: [String],
        to found: [String: KeyringItem],
        extras contents: [String: SealedExtra],
        identity: VaultIdentity
    ) {
        for path in paths {
            let item = found[path]
            items[path] = item.flatMap { Self.login($0, origins) }
            extras[path] = item.flatMap { item in
                item.schema == LoginItem.extraSchema ? Extra(item: item, content: contents[path]) : nil
            }
        }
        arrange(identity)
    }

    /// Names and indexes everything anew, in memory.
    mutating func arrange(_ identity: VaultIdentity) {
        let all = items.values.sorted { ($0.created, $0.path) < ($1.created, $1.path) }
        // No other program's item takes the name of one of Keybell's own.
        let sorted = all.filter { !isAnothers($0) } + all.filter(isAnothers)
        let naming = LoginNaming(sorted, remembered: derived)
        derived = naming.derived
        keepers = [:]
        identityItem = nil
        extraPaths = [:]
        for extra in extras.values.sorted(by: {
            ($0.item.created, $0.item.path) < ($1.item.created, $1.item.path)
        }) {
            let name = extra.item.attributes[LoginItem.Attribute.uuid] ?? ""
            extraPaths[name] = extra.item.path
            // The oldest identity is the one that clients have seen.
            if identityItem == nil, name == VaultIdentity.itemName { identityItem = extra.item }
        }
        paths = [:]
        var unreadable: Set<LoginID> = []
        let logins = sorted.compactMap { item -> Login? in
            guard let id = naming.names[item.path] else { return nil }
            paths[id] = item.path
            if let other = OriginItem(item, among: origins) {
                keepers[id] = other.origin
                return other.login(id, identity: identity)
            }
            let extra = extra(id)
            if let extra, extra.content == nil {
                unreadable.insert(id)
                return nil
            }
            return LoginItem.login(item, id: id, extra: extra?.content, identity: identity)
        }
        self.unreadable = unreadable
        index = LoginIndex(logins)
    }
}
