// SPDX-License-Identifier: Apache-2.0

/// A state of an entry that a database has to have, as the entry or in its history.
package struct DueState: Hashable, Sendable {
    /// When it was made.
    package let modified: Timestamp
    /// When a later state was made, in a database that had this one: where that is without this, it was removed on purpose.
    package let successor: Timestamp?

    /// The state of this time.
    package init(_ modified: Timestamp, before successor: Timestamp? = nil) {
        (self.modified, self.successor) = (modified, successor)
    }

    /// When the states were made of which one shows that this one is or was there.
    var times: [Timestamp] { [modified] + (successor.map { [$0] } ?? []) }
}
