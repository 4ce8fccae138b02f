// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Times as the wording tells them.
enum Calendar {
    /// A day in the person's time zone: `2026-11-25`.
    static func day(_ seconds: UInt64, in zone: TimeZone = .current) -> String {
        let date = Date(timeIntervalSince1970: Double(seconds))
        return date.formatted(Date.ISO8601FormatStyle(timeZone: zone).year().month().day())
    }
}
