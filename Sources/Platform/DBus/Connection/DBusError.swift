// SPDX-License-Identifier: Apache-2.0

/// What went wrong on the bus: an error's name as D-Bus has it, and a sentence for a person.
package struct DBusError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The error's D-Bus name, as `org.freedesktop.DBus.Error.NoReply`.
    package let name: String
    /// A sentence that says what happened; never a secret.
    package let message: String

    /// Makes an error of any name; one that D-Bus does not allow becomes `Failed` when it is sent.
    package init(name: String, message: String) {
        self.name = name
        self.message = message
    }

    package var description: String { "\(name): \(message)" }

    /// The names of errors that are told apart by this program.
    package enum Name {
        private static let prefix = "org.freedesktop.DBus.Error."
        /// Something failed that has no name of its own.
        package static let failed = prefix + "Failed"
        /// No answer came in time.
        package static let noReply = prefix + "NoReply"
        /// What the bus has started for a call didn't come in time.
        package static let timedOut = prefix + "TimedOut"
        /// The bus is gone.
        package static let disconnected = prefix + "Disconnected"
        /// The caller's task was cancelled while it waited.
        package static let cancelled = "org.keybell.Error.Cancelled"
        /// The object has no such method.
        package static let unknownMethod = prefix + "UnknownMethod"
        /// There is no such object.
        package static let unknownObject = prefix + "UnknownObject"
        /// The object has no such interface.
        package static let unknownInterface = prefix + "UnknownInterface"
        /// The interface has no such property.
        package static let unknownProperty = prefix + "UnknownProperty"
        /// The property can only be read.
        package static let propertyReadOnly = prefix + "PropertyReadOnly"
        /// The arguments are not those that the method takes.
        package static let invalidArgs = prefix + "InvalidArgs"
        /// The caller may not do this.
        package static let accessDenied = prefix + "AccessDenied"
        /// A message is too large.
        package static let limitsExceeded = prefix + "LimitsExceeded"
        /// Nobody owns the name that was called.
        package static let serviceUnknown = prefix + "ServiceUnknown"
        /// Nobody owns the name that was asked about.
        package static let nameHasNoOwner = prefix + "NameHasNoOwner"
        /// Memory ran out.
        package static let noMemory = prefix + "NoMemory"
    }

    /// No answer came in time.
    package static let noReply = DBusError(name: Name.noReply, message: "No answer came in time.")
    /// The bus is gone.
    package static let disconnected = DBusError(
        name: Name.disconnected,
        message: "The connection to the bus is closed."
    )
    /// The caller's task was cancelled while it waited.
    package static let cancelled = DBusError(name: Name.cancelled, message: "The call was cancelled.")
    /// Memory ran out.
    package static let noMemory = DBusError(name: Name.noMemory, message: "Out of memory.")

    /// Something failed that has no name of its own.
    package static func failed(_ message: String) -> DBusError {
        DBusError(name: Name.failed, message: message)
    }

    /// The object has no such method.
    package static func unknownMethod(_ message: String) -> DBusError {
        DBusError(name: Name.unknownMethod, message: message)
    }

    /// The arguments are not those that the method takes.
    package static func invalidArgs(_ message: String) -> DBusError {
        DBusError(name: Name.invalidArgs, message: message)
    }

    /// A message is too large or too deep.
    package static func limitsExceeded(_ message: String) -> DBusError {
        DBusError(name: Name.limitsExceeded, message: message)
    }
}
