// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The children that still run when the tests are over: they are ended as the tests' process ends.
///
/// A child is ended when the test lets go of it, but what a test's tasks hold may outlive all tests.
enum LeftoverChildren {
    private static let pids = Mutex<Set<Int32>>([])

    private static let endsThemAtExit: Void = {
        atexit {
            LeftoverChildren.pids.withLock { pids in
                for pid in pids { kill(pid, SIGKILL) }
            }
        }
    }()

    static func add(_ pid: Int32) {
        _ = endsThemAtExit
        pids.withLock { _ = $0.insert(pid) }
    }

    static func remove(_ pid: Int32) {
        pids.withLock { _ = $0.remove(pid) }
    }
}
