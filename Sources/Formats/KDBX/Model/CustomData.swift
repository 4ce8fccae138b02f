// SPDX-License-Identifier: Apache-2.0

import XMLTree

// What programs keep about an entry or a group for themselves:
//
//     <CustomData><Item><Key>BrowserHideEntry</Key><Value>true</Value></Item></CustomData>

extension Entry {
    /// What is kept under these keys; of two with the same key the first counts.
    package func customData(_ keys: Set<String>) -> [String: String] {
        database.customData(keys, of: element)
    }
}

extension Group {
    /// What is kept under these keys; of two with the same key the first counts.
    package func customData(_ keys: Set<String>) -> [String: String] {
        database.customData(keys, of: element)
    }
}

extension Database {
    fileprivate func customData(_ keys: Set<String>, of element: Element) -> [String: String] {
        guard let data = document.child(of: element, named: names.customData) else { return [:] }
        var found: [String: String] = [:]
        for item in document.children(of: data, named: names.item) {
            guard let place = document.child(of: item, named: names.key),
                document.content(of: place).count <= 64
            else { continue }
            let key = document.text(of: place)
            guard keys.contains(key), found[key] == nil,
                let value = document.child(of: item, named: names.value)
            else { continue }
            found[key] = text(of: value)
        }
        return found
    }
}
