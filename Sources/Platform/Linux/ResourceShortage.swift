// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Calls that have failed because this process, or the system, has no descriptor or no memory left.
///
/// Most looks at a process take a failure for an answer: that it has ended, or may not be looked at. Where that decides
/// anything, whoever looks compares ``count`` before and after.
package enum ResourceShortage {
    private static let failures = Atomic<UInt64>(0)

    /// How many there have been.
    package static var count: UInt64 { failures.load(ordering: .relaxed) }

    /// A call has failed: counts it if that was why.
    static func note(_ code: Int32) {
        if isMeant(by: code) { failures.add(1, ordering: .relaxed) }
    }

    static func isMeant(by code: Int32) -> Bool { code == EMFILE || code == ENFILE || code == ENOMEM }
}
