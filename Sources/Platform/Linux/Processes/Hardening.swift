// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Rights this process gives up at its start and never gets back.
package enum Hardening {
    /// Gives up all of them, and has freed memory given back to the system.
    ///
    /// - Returns: The first call that the kernel refused; a container may forbid any of it.
    package static func apply() -> SystemCallError? {
        // A large block then goes back as soon as it is freed, whatever was freed before; left to itself the C library
        // keeps ever larger ones for later.
        _ = mallopt(M_MMAP_THRESHOLD, 128 << 10)
        _ = mallopt(M_TRIM_THRESHOLD, 128 << 10)
        var failure: SystemCallError?
        do throws(SystemCallError) {
            try forbidNewPrivileges()
        } catch {
            failure = error
        }
        do throws(SystemCallError) {
            try forbidDumps()
        } catch {
            failure = failure ?? error
        }
        return failure
    }

    /// Keeps memory out of core dumps and away from debuggers of the same user.
    ///
    /// Afterwards /proc/self belongs to root, so the user's other programs can't see our executable or descriptors.
    ///
    /// - Throws: The call that the kernel refused; the rest has been done.
    package static func forbidDumps() throws(SystemCallError) {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        let limited = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        let limitError = errno
        guard keybell_prctl(PR_SET_DUMPABLE, 0) == 0 else { throw .last("prctl(PR_SET_DUMPABLE)") }
        guard limited == 0 else { throw SystemCallError(call: "setrlimit(RLIMIT_CORE)", code: limitError) }
    }

    /// Keeps this thread, and the threads and children it makes from now on, from gaining rights.
    ///
    /// The kernel keeps this per thread: call it on the first one, before there is another.
    ///
    /// - Throws: The call that the kernel refused.
    package static func forbidNewPrivileges() throws(SystemCallError) {
        guard keybell_prctl(PR_SET_NO_NEW_PRIVS, 1) == 0 else { throw .last("prctl(PR_SET_NO_NEW_PRIVS)") }
    }
}
