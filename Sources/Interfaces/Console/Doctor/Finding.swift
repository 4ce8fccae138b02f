// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// What one check of `keybell doctor` found.
struct Finding: Equatable, Sendable {
    /// How bad it is.
    enum Level: String, Sendable {
        case ok
        case warning
        case failure
    }

    let level: Level
    /// What was looked at.
    let subject: String
    /// What was found.
    let text: String
    /// What to do about it; empty when nothing is to be done.
    let advice: String

    static func ok(_ subject: String, _ text: String) -> Finding {
        Finding(level: .ok, subject: subject, text: text, advice: "")
    }

    static func warning(_ subject: String, _ text: String, do advice: String) -> Finding {
        Finding(level: .warning, subject: subject, text: text, advice: advice)
    }

    static func failure(_ subject: String, _ text: String, do advice: String) -> Finding {
        Finding(level: .failure, subject: subject, text: text, advice: advice)
    }

    /// The finding as it is printed.
    var lines: [String] {
        let mark =
            switch level {
            case .ok: "ok  "
            case .warning: "warn"
            case .failure: "FAIL"
            }
        let first = "\(mark)  \(PlainText.cleaned(subject)): \(PlainText.cleaned(text))"
        return advice.isEmpty ? [first] : [first, "      → " + PlainText.cleaned(advice)]
    }

    var json: JSON {
        .object([
            ("level", .string(level.rawValue)), ("subject", .string(subject)), ("text", .string(text)),
            ("advice", .string(advice)),
        ])
    }
}
