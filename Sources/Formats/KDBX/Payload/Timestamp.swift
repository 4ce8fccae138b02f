// SPDX-License-Identifier: Apache-2.0

import SecureMemory

/// A moment in UTC, to the second.
package struct Timestamp: Hashable, Sendable, Comparable {
    /// Seconds since the beginning of the year 1970.
    package let unix: Int64

    /// Makes one from seconds since the beginning of the year 1970; years range from 1 to 9999.
    package init(unix: Int64) {
        self.unix = min(max(unix, -Self.yearOne), Self.years1to9999.upperBound - Self.yearOne)
    }

    /// Orders by time.
    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.unix < right.unix }

    /// Reads what version 4 writes, base64 of the seconds since the year 1, or version 3, ISO 8601.
    init?(_ text: ArraySlice<UInt8>) {
        if let bytes = Base64.decode(text), let seconds = Int64(littleEndian: bytes) {
            guard Self.years1to9999.contains(seconds) else { return nil }
            self.init(unix: seconds - Self.yearOne)
        } else if let moment = Self.parse(iso: String(decoding: text, as: UTF8.self)) {
            self = moment
        } else {
            return nil
        }
    }

    init?(_ text: String) { self.init(Array(text.utf8)[...]) }

    /// The text for a file of a version.
    func text(for version: FormatVersion) -> String {
        version.isModern ? Base64.encode((unix + Self.yearOne).littleEndianBytes) : iso
    }

    private static let yearOne: Int64 = 62_135_596_800
    private static let years1to9999: ClosedRange<Int64> = 0...315_537_897_599
    private static let day: Int64 = 86_400
}

extension Timestamp {
    private var iso: String {
        let days = (unix >= 0 ? unix : unix - Self.day + 1) / Self.day
        let seconds = unix - days * Self.day
        let date = Self.date(ofDay: days)
        func padded(_ number: Int64, _ width: Int = 2) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(date.year, 4))-\(padded(date.month))-\(padded(date.day))T"
            + "\(padded(seconds / 3600)):\(padded(seconds / 60 % 60)):\(padded(seconds % 60))Z"
    }

    /// Reads `2026-01-31T23:59:59Z`; a fraction is passed over, an offset counted in.
    private static func parse(iso text: String) -> Timestamp? {
        let halves = text.split(separator: "T", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        let date = halves[0].split(separator: "-").compactMap { Int64($0) }
        let clock = halves[1].prefix { !"Z+-".contains($0) }
        let zone = halves[1].dropFirst(clock.count)
        let time = clock.prefix { $0 != "." }.split(separator: ":").compactMap { Int64($0) }
        guard date.count == 3, time.count == 3, (1...9999).contains(date[0]), (1...12).contains(date[1]),
            (1...31).contains(date[2]), (0..<24).contains(time[0]), (0..<60).contains(time[1]),
            (0...60).contains(time[2]), let offset = seconds(ofZone: zone)
        else { return nil }
        let days = day(ofYear: date[0], month: date[1], day: date[2])
        return Timestamp(unix: days * day + time[0] * 3600 + time[1] * 60 + time[2] - offset)
    }

    private static func seconds(ofZone zone: Substring) -> Int64? {
        if zone.isEmpty || zone == "Z" { return 0 }
        let parts = zone.dropFirst().split(separator: ":").compactMap { Int64($0) }
        guard parts.count == 2, parts.allSatisfy({ (0..<60).contains($0) }) else { return nil }
        return (parts[0] * 3600 + parts[1] * 60) * (zone.first == "-" ? -1 : 1)
    }

    // The civil calendar in eras of 400 years, each of 146 097 days, with years that begin in March.

    private static func day(ofYear year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}
