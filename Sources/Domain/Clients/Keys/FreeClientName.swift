// SPDX-License-Identifier: Apache-2.0

import DisplayText
import UnicodeText

/// Free Ids for clients.
enum FreeClientName {
    private static let suggestedLength = 64

    /// Whether two names are the same, or differ by case alone.
    static func isLike(_ name: String, _ other: String) -> Bool { name.caseFolded == other.caseFolded }

    /// Whether two names differ, but by case alone.
    static func differByCase(_ name: String, _ other: String) -> Bool {
        name != other && isLike(name, other)
    }

    /// `base` as near as it is fit to be an Id, or else that with `-2`, `-3` and so on: the first that is free.
    static func free(near base: String, isTaken: (String) -> Bool) -> String {
        // What is fit is suggested whole.
        let fit = PlainName(base) ?? PlainName(cleaning: base, limit: suggestedLength)
        // None that may be taken for a name that somebody else has.
        let name = fit.flatMap { $0.mayBeMistaken ? $0.plain : $0 }
        let base = name?.text ?? "client"
        var candidate = base
        var number = 1
        while isTaken(candidate) {
            number += 1
            let stem = PlainName(cleaning: base, limit: PlainName.longest - 8)?.text ?? base
            candidate = "\(stem.cut(toBytes: 240))-\(number)"
        }
        return candidate
    }
}

extension Client {
    /// All that a person may call it by: its Id, and the name that it is shown under.
    var names: [String] { [id] + [name].compactMap(\.self) }
}
