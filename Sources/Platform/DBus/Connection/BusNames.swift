// SPDX-License-Identifier: Apache-2.0

import CDBus

/// A valid D-Bus object path.
package struct ObjectPath: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The path as D-Bus writes it.
    package let text: String

    /// Checks a path that came from elsewhere; nil if D-Bus does not allow it.
    package init?(_ text: String) {
        guard !text.utf8.contains(0), unsafe dbus_validate_path(text, nil) != 0 else { return nil }
        self.text = text
    }

    /// Takes a path out of this program's own source; a wrong one is a bug there and stops the program.
    package init(stringLiteral value: StaticString) {
        let text = value.description
        precondition(unsafe dbus_validate_path(text, nil) != 0, "not a D-Bus object path: \(text)")
        self.text = text
    }

    package var description: String { text }
}

/// A valid bus name: a unique one (`:1.42`) or a well-known one (`org.keybell.Keybell`).
package struct BusName: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The name as D-Bus writes it.
    package let text: String

    /// Checks a name that came from elsewhere; nil if D-Bus does not allow it.
    package init?(_ text: String) {
        guard !text.utf8.contains(0), unsafe dbus_validate_bus_name(text, nil) != 0 else { return nil }
        self.text = text
    }

    /// Takes a name out of this program's own source; a wrong one is a bug there and stops the program.
    package init(stringLiteral value: StaticString) {
        let text = value.description
        precondition(unsafe dbus_validate_bus_name(text, nil) != 0, "not a D-Bus name: \(text)")
        self.text = text
    }

    package var description: String { text }

    /// The bus daemon itself.
    static let daemon: BusName = "org.freedesktop.DBus"
}

/// The checks for names that need no type of their own, because they are passed straight to a message.
enum NameRules {
    static func isInterface(_ text: String) -> Bool {
        unsafe dbus_validate_interface(text, nil) != 0 && !text.utf8.contains(0)
    }

    static func isMember(_ text: String) -> Bool {
        unsafe dbus_validate_member(text, nil) != 0 && !text.utf8.contains(0)
    }

    static func isErrorName(_ text: String) -> Bool {
        unsafe dbus_validate_error_name(text, nil) != 0 && !text.utf8.contains(0)
    }
}
