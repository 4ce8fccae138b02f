// SPDX-License-Identifier: Apache-2.0

/// `org.keybell.Clients1`: the clients whose keys are in the keyring, and what they have been granted.
package enum ClientsInterface {
    /// The interface name.
    package static let name = "org.keybell.Clients1"
    /// The object that carries it.
    package static let path = "/org/keybell/Clients"

    /// Every client.
    package static let list = BusMethod("List", out: [BusArgument("clients", "aa{sv}")])
    /// Changes the shown name alone; the Id stays what the client holds.
    package static let rename = BusMethod(
        "Rename",
        in: [BusArgument("client", "s"), BusArgument("name", "s")]
    )
    /// Notes what the person calls the browser extension that associated a client.
    package static let nameExtension = BusMethod(
        "NameExtension",
        in: [BusArgument("client", "s"), BusArgument("name", "s")]
    )
    /// Deletes a client's key and its grants.
    package static let revoke = BusMethod("Revoke", in: [BusArgument("client", "s")])
    /// Restricts a client to a part of the vaults, by ``Part``; an empty dictionary ends that.
    package static let restrict = BusMethod(
        "Restrict",
        in: [BusArgument("client", "s"), BusArgument("to", "a{sv}")]
    )
    /// What a client, or every client if none is named, has been granted or refused beyond a single request.
    package static let grants = BusMethod(
        "Grants",
        in: [BusArgument("client", "s")],
        out: [BusArgument("grants", "aa{sv}")]
    )
    /// Forgets one grant.
    package static let forget = BusMethod(
        "Forget",
        in: [BusArgument("client", "s"), BusArgument("key", "s")]
    )

    /// The list or a grant has changed.
    package static let changed = BusSignal("Changed")

    /// The program's version.
    package static let version = CommonProperty.version

    /// The interface as a whole.
    package static let description = BusInterfaceDescription(
        name: name,
        path: path,
        methods: [list, rename, nameExtension, revoke, grants, forget, restrict],
        signals: [changed],
        properties: [version]
    )

    /// Keys of a client's dictionary.
    package enum Key {
        /// `s`: the Id that the client sends.
        package static let id = "id"
        /// `s`: the shown name, where it differs.
        package static let name = "name"
        /// `s`: first 8 bytes of SHA-256 of the key.
        package static let fingerprint = "fingerprint"
        /// `t`: seconds since 1970.
        package static let created = "created"
        /// `t`: seconds since 1970; 0 = not since the daemon began to record it.
        package static let lastUsed = "last-used"
        /// `s`: the program that associated it.
        package static let program = "program"
        /// `s`: the Origin that associated it, empty if none.
        package static let origin = "origin"
        /// `s`: what the person calls that extension, empty if nothing.
        package static let extensionName = "extension"
        /// `s`: the Hash of the vault at the time.
        package static let database = "database"
        /// `b`: whether what it is restricted to can't be read, so that there is nothing for it; absent where it can.
        package static let unreadable = "unreadable"
    }

    /// What a client is restricted to: keys of its dictionary, of `Restrict` and of an answer's choices; what isn't in one of
    /// them, or is an empty list, restricts nothing.
    package enum Part {
        /// `as`: names of vaults.
        package static let vaults = "vaults"
        /// `as`: paths of groups.
        package static let groups = "groups"
        /// `as`: hosts, `*.` before one for all below it, too.
        package static let hosts = "hosts"

        /// All of them.
        package static let all = [vaults, groups, hosts]
    }

    /// Keys of a grant's dictionary.
    package enum GrantKey {
        /// `s`: the handle for `Forget`.
        package static let key = "key"
        /// `s`: the client's Id.
        package static let client = "client"
        /// `s`: the name that it is shown under.
        package static let clientName = "client-name"
        /// `s`: release, change or create.
        package static let kind = "kind"
        /// `s`: the program that it holds for.
        package static let program = "program"
        /// `s`: the Origin that it holds for, empty if none.
        package static let origin = "origin"
        /// `s`: the exact host, empty for logins asked for by name or uuid.
        package static let host = "host"
        /// `s`: the host that the form goes to, empty if it is the same.
        package static let submitHost = "submit-host"
        /// `s`: the page's scheme.
        package static let scheme = "scheme"
        /// `s`: the vault's name.
        package static let vault = "vault"
        /// `as`: the uuids of the logins that it is for; none where it is for all that match the host.
        package static let entries = "entries"
        /// `as`: their titles in the same order, each empty where it isn't known now: the vault is locked, or it is gone.
        package static let titles = "titles"
        /// `s`: allow or deny.
        package static let decision = "decision"
        /// `s`: session or always.
        package static let scope = "scope"
        /// `t`: seconds since 1970; 0 = never by itself.
        package static let expires = "expires"
        /// `b`: whether it is forgotten and no longer counts, but the keyring still has it; absent where it counts.
        package static let undeleted = "undeleted"
    }
}
