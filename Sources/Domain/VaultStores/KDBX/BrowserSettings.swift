// SPDX-License-Identifier: Apache-2.0

import KDBX
import Vault

/// What KeePassXC keeps about an entry or a group for browsers, in their custom data.
struct BrowserSettings {
    private enum Key {
        static let hidden = "BrowserHideEntry"
        static let realmsOnly = "BrowserOnlyHttpAuth"
        static let formsOnly = "BrowserNotHttpAuth"
        static let hosts = "KeePassXC-Browser Settings"
        static let pages: Set = [hidden, realmsOnly, formsOnly]
        static let entry = pages.union([hosts])
    }

    private(set) var pages = PageUse()
    /// An entry's own allowed and denied hosts, and its realm; a group's come from ``hosts(of:)``, once for everything
    /// in it.
    private(set) var hosts = EntrySettings()

    /// Nothing is said.
    init() {}

    /// What a group says, over what the groups around it say.
    init(_ group: Group, in outer: BrowserSettings) {
        pages = Self.pages(group.customData(Key.pages), in: outer.pages)
    }

    /// What an entry says, over what its groups say.
    init(_ entry: Entry, in group: BrowserSettings) {
        let data = entry.customData(Key.entry)
        pages = Self.pages(data, in: group.pages)
        hosts = Self.hosts(data) ?? EntrySettings()
    }

    /// What a group itself says about hosts and the realm; nil if it says nothing.
    static func hosts(of group: Group) -> EntrySettings? {
        hosts(group.customData([Key.hosts]))
    }

    private static func hosts(_ data: [String: String]) -> EntrySettings? {
        data[Key.hosts].map { EntrySettings(json: $0.utf8) }
    }

    private static func pages(_ data: [String: String], in outer: PageUse) -> PageUse {
        guard !data.isEmpty else { return outer }
        let flag = { (key: String, outer: Bool) in
            switch data[key]?.lowercased() {
            case "true": true
            case "false": false
            default: outer
            }
        }
        return PageUse(
            isHidden: flag(Key.hidden, outer.isHidden),
            isForRealmsOnly: flag(Key.realmsOnly, outer.isForRealmsOnly),
            isForFormsOnly: flag(Key.formsOnly, outer.isForFormsOnly)
        )
    }
}

extension EntrySettings {
    /// Both together: every host of either, and the other's realm if it names one.
    func joined(with other: EntrySettings) -> EntrySettings {
        var joined = self
        joined.allow.formUnion(other.allow)
        joined.deny.formUnion(other.deny)
        joined.realm = other.realm ?? realm
        return joined
    }
}
