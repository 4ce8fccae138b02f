// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The time that people read, which may be set; deadlines never run on it.
enum Calendar {
    /// Seconds since 1970.
    static var now: Int64 {
        Int64(time(nil))
    }
}
