// SPDX-License-Identifier: Apache-2.0

/// Decides which changes of items are passed on, and when: none more often than useful; pure.
///
/// KeePassXC sends some forty signals for one new entry, and one for each entry when it locks. The first change
/// of an item is passed on at once, for it may be a revocation. Further changes are passed on once, when the provider
/// has come to rest; beyond a number of items, one event tells of all of them.
struct ItemNews {
    /// How many items are told of one by one between two rests.
    static let most = 32

    /// Items that were told of since the last rest, and whether they have changed once more.
    private var told: [String: Bool] = [:]
    /// The items beyond those, since that was told last; nil while there are none.
    private var more: Set<String>?

    /// Whether something was told since the provider was last at rest.
    var isUnsettled: Bool { !told.isEmpty }

    /// Hears of an item.
    ///
    /// - Returns: What to tell of it now, if anything.
    mutating func hears(of path: String) -> KeyringEvent? {
        if told[path] != nil {
            told[path] = true
            return nil
        }
        guard told.count < Self.most else {
            guard more == nil else {
                more?.insert(path)
                return nil
            }
            more = []
            return .manyItemsChanged(paths: [path])
        }
        told[path] = false
        return .itemsChanged(path: path)
    }

    /// Hears that the provider has nothing more to say for now.
    ///
    /// - Returns: What to tell once more.
    mutating func settles() -> [KeyringEvent] {
        defer { self = ItemNews() }
        let again = told.filter(\.value).keys
        if let more, !more.isEmpty { return [.manyItemsChanged(paths: more.union(again))] }
        return again.sorted().map { .itemsChanged(path: $0) }
    }
}
