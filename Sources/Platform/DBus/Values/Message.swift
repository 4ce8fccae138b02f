// SPDX-License-Identifier: Apache-2.0

/// A signal as it came in.
package struct Message: Hashable, Sendable {
    /// The unique name that sent it, put there by the bus, so it can't be forged; nil without a bus.
    package let sender: String?
    /// The object that it speaks of.
    package let path: ObjectPath
    /// The signal's interface.
    package let interface: String
    /// The signal's name.
    package let member: String
    /// The signal's arguments.
    package let body: [Value]
}
