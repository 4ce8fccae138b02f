// SPDX-License-Identifier: Apache-2.0

import XMLTree

@testable import KDBX

// What Keybell never does to an entry, but other programs do.

extension Database {
    /// Moves it into another group.
    mutating func move(_ id: Identifier, to group: Identifier, at now: Timestamp) throws {
        guard let entry = entryPlaces[id], let target = groupPlaces[group] else { throw KDBXError.notFound }
        let former = document.parent(of: entry).flatMap { identifier(of: $0) }
        place(entry, in: target)
        setTime("LocationChanged", of: entry, to: now)
        // An element of 4.1; an older file does not have it.
        if version >= .v4_1, let former {
            document.setText(of: entry, child: "PreviousParentGroup", to: former.base64)
        }
    }

    /// Deletes it for good, and notes that it was.
    mutating func delete(_ id: Identifier, at now: Timestamp) throws {
        guard let entry = entryPlaces.removeValue(forKey: id) else { throw KDBXError.notFound }
        document.remove(entry)
        noteDeletions([id: now])
    }
}

extension Entry {
    /// When it was last changed.
    var modified: Timestamp? { database.time(database.names.modified, of: element) }
}
