// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// How many descriptors this process may have (`RLIMIT_NOFILE` of getrlimit(2)).
///
/// The usual soft limit of 1,024 is there for programs that use select(2), as ours don't; those that are started here may.
package enum DescriptorLimit {
    /// The limits that this process was started with; nil where the system doesn't say.
    private static let first: rlimit? = {
        var limit = rlimit()
        return unsafe getrlimit(resource, &limit) == 0 ? limit : nil
    }()

    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    /// Nothing here needs more, and some systems allow a thousand million.
    private static let most: rlim_t = 65_536

    /// Allows this process as many as it may have; where that is refused, it goes on with fewer.
    package static func raise() {
        guard var limit = first, limit.rlim_cur < min(limit.rlim_max, most) else { return }
        limit.rlim_cur = min(limit.rlim_max, most)
        _ = unsafe setrlimit(resource, &limit)
    }

    /// Gives a program that was just started the limits that this one was started with.
    static func restore(for child: pid_t) {
        guard var limit = first else { return }
        _ = unsafe prlimit64(child, RLIMIT_NOFILE.rawValue, &limit, nil)
    }
}
