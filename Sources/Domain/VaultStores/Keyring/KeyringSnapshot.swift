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

    /// Orders what was read.
    init(
        _ items: [KeyringItem],
        extras: [Extra],
        identity: VaultIdentity,
        remembered: [KeyringVaultState.Derived]
    ) {
        self.items = Dictionary(items.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
        self.extras = Dictionary(extras.map { ($0.item.path, $0) }, uniquingKeysWith: { $1 })
        derived = remembered
        arrange(identity)
    }

    /// Whether there is something of Keybell's at a path.
    func knows(_ path: String) -> Bool {
        items[path] != nil || extras[path] != nil
    }

    /// The item of a login.
    func item(_ id: LoginID) -> KeyringItem? {
        paths[id].flatMap { items[$0] }
    }

    /// The extra of a login; the newest, should there be two.
    func extra(_ id: LoginID) -> Extra? {
        extraPaths[id.hex].flatMap { extras[$0] }
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
            items[path] = item?.schema == LoginItem.schema ? item : nil
            extras[path] = item.flatMap { item in
                item.schema == LoginItem.extraSchema ? Extra(item: item, content: contents[path]) : nil
            }
        }
        arrange(identity)
    }

    /// Names and indexes everything anew, in memory.
    mutating func arrange(_ identity: VaultIdentity) {
        let sorted = items.values.sorted { ($0.created, $0.path) < ($1.created, $1.path) }
        let naming = LoginNaming(sorted, remembered: derived)
        derived = naming.derived
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
