// SPDX-License-Identifier: Apache-2.0

import Ciphers
import XMLTree

extension Database {
    /// Gives a UUID to entries that can't be told apart by one.
    ///
    /// It is made of what the entry is called and when it was made, so that it is the same each time the file is read,
    /// and never comes to mean another entry; of several that are alike in all that, their order decides. It is in the
    /// file once that is written.
    mutating func giveStandIns(to entries: [Element]) {
        for element in entries {
            let facts = facts(of: element)
            var number: UInt32 = 0
            var id = Self.standIn(facts, number)
            while let known = id, entryPlaces[known] != nil {
                number += 1
                id = Self.standIn(facts, number)
            }
            guard let id else { continue }
            setIdentifier(of: element, to: id)
            entryPlaces[id] = element
            standIns.insert(id)
        }
    }

    /// The file has the UUIDs that were given: from now on they are the entries' own.
    package mutating func keepStandIns() { standIns = [] }

    private func facts(of element: Element) -> [UInt8] {
        let entry = Entry(database: self, element: element)
        let made = time(names.created, of: element).map { $0.unix.littleEndianBytes } ?? []
        let parts = [made] + ["Title", "UserName", "URL"].map { Array((entry.text($0) ?? "").utf8) }
        return parts.flatMap { UInt32($0.count).littleEndianBytes + $0 }
    }

    private static func standIn(_ facts: [UInt8], _ number: UInt32) -> Identifier? {
        Identifier(
            Digest.sha256(Array("entry without a UUID".utf8) + number.littleEndianBytes + facts).prefix(16)
        )
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
