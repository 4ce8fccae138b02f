// SPDX-License-Identifier: Apache-2.0

import CDBus

/// A valid D-Bus type signature of any number of complete types, as `sa{sv}`.
package struct Signature: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The signature as D-Bus writes it.
    package let text: String

    /// Checks a signature that came from elsewhere; nil if D-Bus does not allow it.
    package init?(_ text: String) {
        guard !text.utf8.contains(0), unsafe dbus_signature_validate(text, nil) != 0 else { return nil }
        self.text = text
    }

    /// Takes a signature out of this program's own source.
    ///
    /// A wrong one is a bug there and stops the program; only a literal gets here, never what a peer sent.
    package init(stringLiteral value: StaticString) {
        let text = value.description
        precondition(unsafe dbus_signature_validate(text, nil) != 0, "not a D-Bus signature: \(text)")
        self.text = text
    }

    /// Takes text that is known to be right because it was put together of right parts.
    init(unchecked text: String) {
        self.text = text
    }

    /// The signature of a message body, its values' signatures one after the other.
    package init(of body: [Value]) {
        text = body.map(\.signature.text).joined()
    }

    /// Whether this is exactly one complete type, as an array's element or a variant's content must be.
    package var isSingle: Bool {
        unsafe dbus_signature_validate_single(text, nil) != 0
    }

    /// Whether this is one basic type, as a dictionary's key must be.
    package var isBasic: Bool {
        text.utf8.count == 1 && text != "v"
    }

    package var description: String { text }
}
