// SPDX-License-Identifier: Apache-2.0

/// `org.keybell.Configuration1`: the configuration in force, and how it is read anew.
package enum ConfigurationInterface {
    /// The interface name.
    package static let name = "org.keybell.Configuration1"
    /// The object that carries it.
    package static let path = "/org/keybell/Configuration"

    /// Reads the file anew and puts what changed in force; returns once it is.
    package static let reload = BusMethod(
        "Reload",
        out: [BusArgument("changed", "as"), BusArgument("after-restart", "as")]
    )
    /// How the configuration in force relates to the file.
    package static let state = BusMethod("State", out: [BusArgument("state", "a{sv}")])

    /// Another configuration is in force.
    package static let changed = BusSignal("Changed")

    /// The program's version.
    package static let version = CommonProperty.version

    /// The interface as a whole.
    package static let description = BusInterfaceDescription(
        name: name,
        path: path,
        methods: [reload, state],
        signals: [changed],
        properties: [version]
    )

    /// Keys of `State`.
    package enum Key {
        /// `s`: the file.
        package static let file = "file"
        /// `b`: whether what is in force is what the file says now.
        package static let current = "current"
        /// `s`: what is wrong with the file; absent where nothing is.
        package static let problem = "problem"
        /// `as`: the keys whose new values take effect after a restart.
        package static let afterRestart = "after-restart"
        /// `u`: the port that it serves on.
        package static let port = "port"
        /// `at`: the sockets that listen there, by the kernel's numbers (`/proc/net/tcp`).
        package static let sockets = "sockets"
        /// `s`: the keyring's collection, as `[keyring] collection` names it.
        package static let collection = "collection"
        /// `b`: whether the built-in notifier shows requests.
        package static let notifier = "notifier"
        /// `b`: whether what the daemon starts has a display for its windows.
        package static let display = "display"
        /// `s`: when a client is asked about, as `[access] ask` says it.
        package static let access = "access"
        /// `a{sv}`: the same as `s` by Id, for the clients with a different rule.
        package static let clientAccess = "client-access"
        /// `as`: the settings in force that have no effect as they are, each with what to do.
        package static let useless = "useless"
    }
}
