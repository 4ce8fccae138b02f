// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

/// One answer of the protocol, before it is encrypted.
package struct Reply: Sendable {
    /// What was asked for; nil where nobody could tell.
    package var type: RequestType?
    /// What was asked for, if that isn't a known type.
    package var unknownType: String?
    /// Whether it was done.
    package var success: Bool
    /// The client's Id; none for a ping, nor for an associate that was not allowed.
    package var id: String?
    /// How many entries there are, where that is not simply the number of `entries`.
    package var count: Int?
    /// The entries; nil where the request type has none, empty where nothing was found.
    package var entries: [ReplyEntry]?
    /// The UUID of the entry that was saved.
    package var uuid: String?
    /// What went wrong, in a sentence that a person can act on.
    package var error: String?
    /// The version of the protocol, four numbers.
    package var version: String
    /// The vault's hash, where it is known.
    package var hash: String?

    /// An answer that it was done.
    package init(
        to type: RequestType,
        id: String? = nil,
        count: Int? = nil,
        entries: [ReplyEntry]? = nil,
        uuid: String? = nil,
        version: String,
        hash: String?
    ) {
        self.type = type
        success = true
        self.id = id
        self.count = count
        self.entries = entries
        self.uuid = uuid
        self.version = version
        self.hash = hash
    }

    /// An answer that it wasn't done.
    package init(failing type: RequestType?, error: String?, version: String, hash: String?) {
        self.type = type
        success = false
        self.error = error
        self.version = version
        self.hash = hash
    }
}

extension Reply {
    /// Whether its entries take less than this many bytes altogether.
    package func isShorter(than limit: Int) -> Bool {
        var rest = limit
        for entry in entries ?? [] {
            rest -= 64 + entry.name.utf8.count + entry.login.utf8.count + entry.password.count
            rest -= (entry.group?.name.utf8.count ?? 0)
            rest -= entry.stringFields.reduce(0) { $0 + $1.key.utf8.count + $1.value.count }
            guard rest > 0 else { return false }
        }
        return true
    }
}

/// One login as it is handed out.
package struct ReplyEntry: Sendable {
    /// The group that an entry is in.
    package struct Group: Equatable, Sendable {
        /// Its full path.
        package var name: String
        /// Its UUID.
        package var uuid: String

        /// Takes a path and a UUID.
        package init(name: String, uuid: String) {
            self.name = name
            self.uuid = uuid
        }
    }

    /// A string field of an entry.
    package struct StringField: Equatable, Sendable {
        /// The field's name.
        package var key: String
        /// Its value.
        package var value: SecretBytes

        /// Takes a name and a value.
        package init(key: String, value: SecretBytes) {
            self.key = key
            self.value = value
        }
    }

    /// The title.
    package var name: String
    /// The user name.
    package var login: String
    /// The password; empty if there is none or none is to be handed out.
    package var password: SecretBytes
    /// The UUID in upper-case hex.
    package var uuid: String
    /// The group, where it is told.
    package var group: Group?
    /// The string fields, where they are told.
    package var stringFields: [StringField]

    /// Takes what the entry has.
    package init(
        name: String,
        login: String,
        password: SecretBytes,
        uuid: String,
        group: Group? = nil,
        stringFields: [StringField] = []
    ) {
        self.name = name
        self.login = login
        self.password = password
        self.uuid = uuid
        self.group = group
        self.stringFields = stringFields
    }
}
