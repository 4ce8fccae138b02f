// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The time that people read, which may be set: for what is shown or stored.
///
/// Deadlines never run on it.
package enum CalendarTime {
    /// Seconds since 1970.
    package static var now: Int64 { Int64(time(nil)) }

    /// The same, for what can't store a time before 1970.
    package static var unsigned: UInt64 { UInt64(clamping: now) }
}
