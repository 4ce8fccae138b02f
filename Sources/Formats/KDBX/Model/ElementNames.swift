// SPDX-License-Identifier: Apache-2.0

import XMLTree

/// The names that are looked for in each of thousands of entries: found once, then known by their numbers.
struct ElementNames: Sendable {
    let entry: Name
    let group: Name
    let uuid: Name
    let string: Name
    let key: Name
    let value: Name
    let tags: Name
    let times: Name
    let created: Name
    let modified: Name
    let expires: Name
    let expiry: Name
    let customData: Name
    let item: Name

    /// Finds them in a document, and adds them to it if nothing in it has them yet.
    init(_ document: inout Document) {
        entry = document.name("Entry")
        group = document.name("Group")
        uuid = document.name("UUID")
        string = document.name("String")
        key = document.name("Key")
        value = document.name("Value")
        tags = document.name("Tags")
        times = document.name("Times")
        created = document.name("CreationTime")
        modified = document.name("LastModificationTime")
        expires = document.name("Expires")
        expiry = document.name("ExpiryTime")
        customData = document.name("CustomData")
        item = document.name("Item")
    }
}
