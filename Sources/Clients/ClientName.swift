// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// The rules for Ids and names of clients.
enum ClientName {
    /// More than any client proposes, and little enough for a prompt.
    static let longest = 128
    private static let suggestedLength = 64

    /// Whether this may be stored.
    static func isValid(_ text: String) -> Bool {
        !text.isEmpty && text.count <= longest && text.unicodeScalars.allSatisfy(isVisible)
    }

    /// What a free name is built on: `base` as it is, if it may be stored.
    static func cleaned(_ base: String) -> String {
        guard !isValid(base) else { return base }
        let visible = String(String.UnicodeScalarView(base.unicodeScalars.filter(isVisible)))
        let short = String(visible.prefix(suggestedLength))
        return short.isEmpty ? "client" : short
    }

    /// `base`, or else `base-2`, `base-3` and so on: the first that is free.
    static func free(near base: String, isTaken: (String) -> Bool) -> String {
        let base = cleaned(base)
        var candidate = base
        var number = 1
        while isTaken(candidate) {
            number += 1
            candidate = "\(base)-\(number)"
        }
        return candidate
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool { !PlainText.isHidden(scalar) }
}
