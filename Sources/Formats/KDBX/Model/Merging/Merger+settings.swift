// SPDX-License-Identifier: Apache-2.0

import XMLTree

extension Merger {
    /// Which settings go by which time.
    private static let settings: [(changed: String, names: [String])] = [
        ("DatabaseNameChanged", ["DatabaseName"]),
        ("DatabaseDescriptionChanged", ["DatabaseDescription"]),
        ("DefaultUserNameChanged", ["DefaultUserName"]),
        ("RecycleBinChanged", ["RecycleBinEnabled", "RecycleBinUUID"]),
        ("EntryTemplatesGroupChanged", ["EntryTemplatesGroup"]),
        (
            "SettingsChanged",
            [
                "MaintenanceHistoryDays", "Color", "MasterKeyChangeRec", "MasterKeyChangeForce",
                "MemoryProtection", "HistoryMaxItems", "HistoryMaxSize",
            ]
        ),
    ]

    /// Of each setting the later one stands; icons and custom data of either side are there afterwards.
    mutating func mergeSettings() {
        guard let meta = ours.meta, let source = theirs.meta else { return }
        // Before the time that it goes by is taken over.
        let isNewer = time("SettingsChanged", theirs, source) > time("SettingsChanged", ours, meta)
        mergeItems("CustomIcons", "Icon", key: "UUID", in: meta, source, isNewer: isNewer)
        mergeItems("CustomData", "Item", key: "Key", in: meta, source, isNewer: isNewer)
        for (changed, names) in Self.settings
        where time(changed, theirs, source) > time(changed, ours, meta) {
            for name in names + [changed] { replace(name, in: meta, source) }
        }
    }

    private func time(_ name: String, _ database: Database, _ meta: Element) -> Timestamp {
        database.document.text(of: meta, child: name).flatMap { Timestamp($0) } ?? Timestamp(unix: .min)
    }

    private mutating func replace(_ name: String, in target: Element, _ source: Element) {
        guard let element = theirs.document.child(of: source, named: name) else { return }
        let own = ours.document.child(of: target, named: name)
        let copy = adopt(element)
        ours.document.move(copy, to: target, before: own)
        if let own { ours.document.remove(own) }
        hasChanged = true
    }

    /// Merges a list of things that have a key; of two the one with the later time of its own stands (4.1), else the
    /// one of the side whose settings are newer.
    private mutating func mergeItems(
        _ list: String,
        _ name: String,
        key: String,
        in meta: Element,
        _ source: Element,
        isNewer: Bool
    ) {
        guard let items = theirs.document.child(of: source, named: list) else { return }
        let target = ours.document.child(of: meta, named: list) ?? ours.document.append(list, to: meta)
        var known: [[UInt8]: Element] = [:]
        for item in ours.document.children(of: target, named: name) {
            if let key = ours.document.child(of: item, named: key) {
                known[Array(ours.document.content(of: key))] = item
            }
        }
        for item in theirs.document.children(of: items, named: name) {
            guard let key = theirs.document.child(of: item, named: key) else { continue }
            let own = known[Array(theirs.document.content(of: key))]
            if let own {
                let (theirTime, ourTime) = (time(modified, theirs, item), time(modified, ours, own))
                guard theirTime > ourTime || theirTime == ourTime && isNewer,
                    digests.digest(ofAll: own, in: ours) != digests.digest(ofAll: item, in: theirs)
                else { continue }
            }
            let copy = adopt(item)
            ours.document.move(copy, to: target, before: own)
            if let own { ours.document.remove(own) }
            hasChanged = true
        }
    }

    private var modified: String { "LastModificationTime" }
}
