// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

/// A time in the past, as a person types it: `2h`, `18:05`, `2026-11-25`, `2026-11-25 18:05`.
struct SinceArgument: ExpressibleByArgument {
    /// Seconds since 1970.
    let time: UInt64

    init?(argument: String) {
        self.init(argument, now: Moment.now())
    }

    /// Reads it; nil if it is none of these.
    init?(_ text: String, now: UInt64) {
        guard text.utf8.count <= 32 else { return nil }
        if let unit = text.last, let seconds = Self.units[unit], let count = UInt64(text.dropLast()) {
            let (span, isTooLong) = count.multipliedReportingOverflow(by: seconds)
            time = isTooLong || span > now ? 0 : now - span
            return
        }
        let today = Moment.text(now).prefix(10)
        let whole = text.contains("-") ? text : "\(today) \(text)"
        guard let read = Self.formats.lazy.compactMap({ Self.read(whole, $0) }).first else { return nil }
        time = read
    }

    private static let formats = [
        "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d",
    ]

    private static let units: [Character: UInt64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]

    /// A time of the calendar in the person's time zone.
    private static func read(_ text: String, _ format: String) -> UInt64? {
        var parts = unsafe tm()
        let isWhole = unsafe text.withCString { start in
            unsafe strptime(start, format, &parts).map { unsafe $0.pointee == 0 } ?? false
        }
        guard isWhole else { return nil }
        unsafe parts.tm_isdst = -1
        let time = unsafe mktime(&parts)
        return time < 0 ? nil : UInt64(time)
    }
}
