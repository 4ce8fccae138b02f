// SPDX-License-Identifier: Apache-2.0

/// Names from elsewhere, fit for a line of a dialog.
enum PlainWords {
    private static let longest = 120

    /// The text without control and format characters and line breaks, cut where it is too long.
    static func of(_ text: String) -> String {
        var plain = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.lazy.filter(isPlain).prefix(longest + 1) {
            guard plain.count < longest else { return String(plain) + "…" }
            plain.append(scalar)
        }
        return String(plain)
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
