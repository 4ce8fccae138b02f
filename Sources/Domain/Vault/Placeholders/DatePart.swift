// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The time of an answer, or a part of it, as `{DT_…}` stands for it.
struct DatePart: Hashable, Sendable {
    private let digits: Range<Int>
    private let isUTC: Bool

    /// Reads what stands after `DT_`: `SIMPLE` for all of `yyyyMMddHHmmss`, or one of its parts, each with `UTC_` before it.
    init?(_ name: String) {
        isUTC = name.utf8.starts(with: "UTC_".utf8)
        switch String(name.unicodeScalars.dropFirst(isUTC ? 4 : 0)) {
        case "SIMPLE": digits = 0..<14
        case "YEAR": digits = 0..<4
        case "MONTH": digits = 4..<6
        case "DAY": digits = 6..<8
        case "HOUR": digits = 8..<10
        case "MINUTE": digits = 10..<12
        case "SECOND": digits = 12..<14
        default: return nil
        }
    }

    /// It at a time in seconds since 1970, in the person's time zone unless it is in UTC.
    func text(at time: Int64, in zone: TimeZone = .current) -> String {
        let style = Date.ISO8601FormatStyle(
            dateSeparator: .omitted,
            timeSeparator: .omitted,
            timeZone: isUTC ? .gmt : zone
        )
        let date = Date(timeIntervalSince1970: Double(time))
        let all = date.formatted(style.year().month().day().time(includingFractionalSeconds: false)).utf8
            .filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard all.count == 14 else { return "" }
        return String(decoding: all[digits], as: UTF8.self)
    }
}
