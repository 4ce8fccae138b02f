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
        static let all: Set = [hidden, realmsOnly, formsOnly, hosts]
    }

    private(set) var pages = PageUse()
    /// Allowed and denied hosts, and the realm.
    private(set) var hosts = EntrySettings()

    /// Nothing is said.
    init() {}

    /// What a group says, over what the groups around it say.
    init(_ group: Group, in outer: BrowserSettings) {
        self = outer.with(group.customData(Key.all))
    }

    /// What an entry says, over what its groups say.
    init(_ entry: Entry, in group: BrowserSettings) {
        self = group.with(entry.customData(Key.all))
    }

    private func with(_ data: [String: String]) -> BrowserSettings {
        guard !data.isEmpty else { return self }
        var result = self
        let flag = { (key: String, outer: Bool) in
            switch data[key]?.lowercased() {
            case "true": true
            case "false": false
            default: outer
            }
        }
        result.pages.isHidden = flag(Key.hidden, pages.isHidden)
        result.pages.isForRealmsOnly = flag(Key.realmsOnly, pages.isForRealmsOnly)
        result.pages.isForFormsOnly = flag(Key.formsOnly, pages.isForFormsOnly)
        if let text = data[Key.hosts] { result.hosts = hosts.joined(with: EntrySettings(json: text.utf8)) }
        return result
    }
}

extension EntrySettings {
    /// What either says: every host of both, and the other's realm where it names one.
    func joined(with other: EntrySettings) -> EntrySettings {
        var joined = self
        joined.allow.formUnion(other.allow)
        joined.deny.formUnion(other.deny)
        joined.realm = other.realm ?? realm
        return joined
    }
}
