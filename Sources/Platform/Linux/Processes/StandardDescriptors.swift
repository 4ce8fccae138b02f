// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The descriptors 0, 1 and 2, which a program may be started without.
package enum StandardDescriptors {
    /// Takes those that are closed, so that no socket or file gets their numbers, and with it what is meant for them.
    ///
    /// To read from them or to write to them goes on to fail with EBADF. To be called before anything is opened.
    package static func hold() {
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number is this one, for those below it are open.
            let opened = unsafe open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
            // Whatever is opened next would get it.
            guard opened == descriptor else { _exit(1) }
        }
    }
}
