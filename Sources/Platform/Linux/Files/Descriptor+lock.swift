// SPDX-License-Identifier: Apache-2.0

import Glibc

extension Descriptor {
    /// Waits for the lock of an open file or folder (`flock`), on this thread.
    ///
    /// A file system without such locks is written to without one.
    /// - Parameter end: How long another holder may keep it.
    /// - Throws: The failing call's `errno`; EWOULDBLOCK when it is over.
    borrowing func lock(until end: ContinuousClock.Instant) throws(SystemCallError) {
        while flock(number, LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR:
                continue
            case EWOULDBLOCK:
                guard .now < end else { throw .last("flock") }
                // Another program is writing at this very moment: waiting for it to finish isn't idling.
                usleep(20_000)
            case ENOLCK, EOPNOTSUPP, ENOSYS, EINVAL, EBADF:
                // Network file systems lock only some kinds of files, or none.
                return
            default:
                throw .last("flock")
            }
        }
    }
}
