// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file descriptor that came in a message, or is to go out in one, closed when nobody holds it any more.
///
/// What it means to hold one is the sender's business: logind keeps the computer awake for as long.
package final class PassedDescriptor: Hashable, Sendable {
    /// The number; valid as long as this lives.
    package let number: Int32

    /// Takes the number over; nobody else may close it.
    init(adopting number: Int32) {
        self.number = number
        // libdbus already duplicates it this way; a descriptor that leaks into a pinentry would never be closed.
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    }

    /// Duplicates a descriptor that somebody else owns, to send it; nil where the process has no room for another.
    package convenience init?(duplicating other: Int32) {
        let number = fcntl(other, F_DUPFD_CLOEXEC, 3)
        guard number >= 0 else { return nil }
        self.init(adopting: number)
    }

    deinit {
        close(number)
    }

    /// Whether both are the same one, not whether both lead to the same file.
    package static func == (one: PassedDescriptor, other: PassedDescriptor) -> Bool {
        one === other
    }

    /// Hashes which one it is.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(self))
    }
}
