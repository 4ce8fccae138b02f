// SPDX-License-Identifier: Apache-2.0

import XMLTree

extension Database {
    /// Gives a UUID to entries that can't be told apart by one.
    ///
    /// It is made of what the entry is called and when it was made, so that it is the same each time the file is read,
    /// and never comes to mean another entry; of several that are alike in all that, their order decides. What can be a
    /// secret in a URL has no part in it, for by a UUID anybody could try guesses. It is in the file once that is written.
    ///
    /// Where the task is cancelled, some get none: whoever reads a file then doesn't want it any more.
    mutating func assignReplacementIDs(to entries: [Element]) {
        var made = ReplacementIDs()
        for element in entries where !Task.isCancelled {
            guard let id = made.identifier(of: facts(of: element), isTaken: { entryPlaces[$0] != nil })
            else { continue }
            setIdentifier(of: element, to: id)
            entryPlaces[id] = element
            replacementIDs.insert(id)
        }
    }

    /// The file has the UUIDs that were given: from now on they are the entries' own.
    package mutating func adoptReplacementIDs() { replacementIDs = [] }

    private func facts(of element: Element) -> [UInt8] {
        let entry = Entry(database: self, element: element)
        let made = time(names.created, of: element).map { $0.unix.littleEndianBytes } ?? []
        let texts = ["Title", "UserName"].map { Array((entry.text($0) ?? "").utf8) }
        let parts = [made] + texts + [Self.place(in: entry.text("URL") ?? "")]
        return parts.flatMap { UInt32($0.count).littleEndianBytes + $0 }
    }

    /// A URL up to its query and fragment; nothing of one in which a user and password can be.
    private static func place(in url: String) -> [UInt8] {
        guard !url.utf8.contains(UInt8(ascii: "@")) else { return [] }
        return Array(url.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
    }

    private mutating func setIdentifier(of element: Element, to id: Identifier) {
        if let place = document.child(of: element, named: names.uuid) {
            document.setText(of: place, to: id.base64)
        } else if let first = document.children(of: element).first(where: { _ in true }) {
            let place = document.insert("UUID", before: first)
            document.setText(of: place, to: id.base64)
        } else {
            document.append("UUID", to: element, text: id.base64)
        }
    }
}
