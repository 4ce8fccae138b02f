// SPDX-License-Identifier: Apache-2.0

import DBus

/// The names of the Secret Service's D-Bus interface that we use.
enum Names {
    static let bus = "org.freedesktop.secrets"
    static let root: ObjectPath = "/org/freedesktop/secrets"
    static let service = "org.freedesktop.Secret.Service"
    static let collection = "org.freedesktop.Secret.Collection"
    static let item = "org.freedesktop.Secret.Item"
    static let prompt = "org.freedesktop.Secret.Prompt"
    static let properties = "org.freedesktop.DBus.Properties"
    static let daemon = "org.freedesktop.DBus"
    static let daemonPath: ObjectPath = "/org/freedesktop/DBus"
    static let daemonInterface = "org.freedesktop.DBus"
    /// What stands for "no object" and "no prompt".
    static let nothing = "/"
}
