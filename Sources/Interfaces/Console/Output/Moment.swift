// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Glibc

/// Times as people say them.
enum Moment {
    /// Now, in seconds since 1970.
    static func now() -> UInt64 { CalendarTime.unsigned }

    /// A time of the calendar in the person's time zone: `2026-11-25 18:05:12`.
    static func text(_ time: UInt64) -> String {
        var seconds = time_t(clamping: time)
        var parts = unsafe tm()
        guard unsafe localtime_r(&seconds, &parts) != nil else { return String(time) }
        var text = [CChar](repeating: 0, count: 32)
        let length = unsafe strftime(&text, text.count, "%Y-%m-%d %H:%M:%S", &parts)
        return String(decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// A time that is near, in the person's time zone: `18:05:12`, with its day where that isn't today.
    static func time(_ time: UInt64, now: UInt64 = now()) -> String {
        let text = text(time)
        return text.prefix(10) == Self.text(now).prefix(10) ? String(text.dropFirst(11)) : text
    }

    /// How long ago something was.
    static func ago(_ then: UInt64, now: UInt64) -> String {
        then >= now || now - then < 5 ? "just now" : span(now - then) + " ago"
    }

    /// The day of something whose time isn't known more precisely: `today`, `yesterday`, `3 days ago`.
    static func day(_ then: UInt64, now: UInt64) -> String {
        guard let day = dayNumber(then), let today = dayNumber(now) else { return ago(then, now: now) }
        return switch today - day {
        case ...0: "today"
        case 1: "yesterday"
        case let days: "\(days) days ago"
        }
    }

    /// The number of a time's day in the person's time zone.
    private static func dayNumber(_ time: UInt64) -> Int? {
        var seconds = time_t(clamping: time)
        var parts = unsafe tm()
        guard unsafe localtime_r(&seconds, &parts) != nil else { return nil }
        return unsafe (seconds + parts.tm_gmtoff) / 86_400
    }

    /// How long something goes on.
    static func left(until then: UInt64, now: UInt64) -> String {
        guard then > now else { return "in a moment" }
        // Rounded, so that what has ten minutes to go still says so in its second second.
        let left = then - now
        let unit: UInt64 =
            switch left {
            case ..<90: 1
            case ..<7200: 60
            case ..<172_800: 3600
            default: 86_400
            }
        return "in " + span((left + unit / 2) / unit * unit)
    }

    /// A length of time in its largest fitting unit.
    static func span(_ seconds: UInt64) -> String {
        let (count, unit): (UInt64, String) =
            switch seconds {
            case ..<120: (seconds, "second")
            case ..<7200: (seconds / 60, "minute")
            case ..<172_800: (seconds / 3600, "hour")
            default: (seconds / 86_400, "day")
            }
        return "\(count) \(unit)\(count == 1 ? "" : "s")"
    }
}

/// Counts with their nouns.
enum Amount {
    /// `1 login`, `2 logins`.
    static func of(_ count: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(count) " + (count == 1 ? noun : plural ?? noun + "s")
    }
}
