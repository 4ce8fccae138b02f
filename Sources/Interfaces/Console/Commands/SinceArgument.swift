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

    /// Reads it; nil if it isn't one of these.
    init?(_ text: String, now: UInt64) {
        guard text.utf8.count <= 32 else { return nil }
        if let unit = text.last, let seconds = Self.units[unit], let count = UInt64(text.dropLast()) {
            let (span, isTooLong) = count.multipliedReportingOverflow(by: seconds)
            time = isTooLong || span > now ? 0 : now - span
            return
        }
        let today = Moment.text(now).prefix(10)
        guard !text.contains("-") else {
            guard let read = Self.read(text) else { return nil }
            time = read
            return
        }
        guard let read = Self.read("\(today) \(text)") else { return nil }
        // A time that is still to come today was yesterday.
        time =
            read <= now
            ? read : Self.read("\(Moment.text(now - min(now, 86_400)).prefix(10)) \(text)") ?? read
    }

    private static let units: [Character: UInt64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]

    /// A day, with a time or without, of the calendar in the person's time zone.
    private static func read(_ text: String) -> UInt64? {
        let halves = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == " " || $0 == "T" }
        guard let day = halves.first.flatMap({ numbers(in: $0, by: "-") }), day.count == 3 else { return nil }
        var clock: [Int32] = [0, 0, 0]
        if halves.count == 2 {
            guard let read = numbers(in: halves[1], by: ":"), 2...3 ~= read.count else { return nil }
            clock = read.count == 3 ? read : read + [0]
        }
        guard 1970...9999 ~= day[0], 1...12 ~= day[1], 1...31 ~= day[2], 0...23 ~= clock[0],
            0...59 ~= clock[1], 0...59 ~= clock[2]
        else { return nil }
        var parts = unsafe tm()
        unsafe parts.tm_year = day[0] - 1900
        unsafe parts.tm_mon = day[1] - 1
        unsafe parts.tm_mday = day[2]
        unsafe parts.tm_hour = clock[0]
        unsafe parts.tm_min = clock[1]
        unsafe parts.tm_sec = clock[2]
        unsafe parts.tm_isdst = -1
        let time = unsafe mktime(&parts)
        // A 31st that doesn't exist would be taken for the 1st of the next month.
        guard time >= 0, Int32(Moment.text(UInt64(time)).prefix(10).suffix(2)) == day[2] else { return nil }
        return UInt64(time)
    }

    private static func numbers(in text: Substring, by separator: Character) -> [Int32]? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        let numbers = parts.compactMap { $0.allSatisfy(\.isWholeNumber) ? Int32($0) : nil }
        return numbers.count == parts.count ? numbers : nil
    }
}
