// SPDX-License-Identifier: Apache-2.0

/// Names that hold for all our objects on the session bus.
package enum KeybellBus {
    /// The well-known name that the daemon owns, and the one that activates it.
    package static let name = "org.keybell.Keybell"

    /// Our interfaces, in the order of `dbus/*.xml`.
    package static let interfaces = [
        ApprovalInterface.description, ClientsInterface.description, ConfigurationInterface.description,
        VaultsInterface.description,
    ]
}

/// What each of our interfaces has.
package enum CommonProperty {
    /// The program's version; the only thing that a sandboxed program may read.
    package static let version = BusProperty("Version", "s")
}

/// The error names that our methods answer with, beside the bus's own.
package enum KeybellBusError {
    /// No request of this code waits (or, for `allow`, was quieted just now).
    package static let unknownRequest = "org.keybell.Error.UnknownRequest"
    /// The decision or a choice makes no sense; the message says which, and the request goes on waiting.
    package static let invalidAnswer = "org.keybell.Error.InvalidAnswer"
    /// The allow has to be confirmed, and the person can't be asked; the message says why, and the request goes on waiting.
    package static let unconfirmed = "org.keybell.Error.Unconfirmed"
    /// This caller may not do that: it is the program that asks, or it is sandboxed.
    package static let notAllowed = "org.keybell.Error.NotAllowed"
    /// The configuration file has a mistake; the message names the file and the place in it.
    package static let badConfiguration = "org.keybell.Error.BadConfiguration"
    /// The daemon can't begin its work because its configuration has a mistake; the message says where.
    package static let unconfigured = "org.keybell.Error.Unconfigured"
    /// How the sentence about that begins.
    package static let unconfiguredText = "Keybell can't begin its work, for its configuration has a mistake"
    /// No client, grant or vault of that name.
    package static let notFound = "org.keybell.Error.NotFound"
    /// The keyring or the vault is locked, or its unlocking was dismissed.
    package static let locked = "org.keybell.Error.Locked"
    /// The keyring or the vault can't be reached; the message says what to do.
    package static let unavailable = "org.keybell.Error.Unavailable"
}
