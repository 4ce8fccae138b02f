// SPDX-License-Identifier: Apache-2.0

/// Takes a text scalar by scalar and keeps what is fit to be shown.
struct Cleaner {
    /// As many as any language puts on one letter.
    static let marksPerLetter = 4
    /// More would push what follows out of sight, or to where a line of its own could stand.
    static let spacesInARow = 3

    private var kept = String.UnicodeScalarView()
    private var room: Int
    /// How many marks may follow: none at the beginning, where they would be drawn on what stands before.
    private var marks = 0
    private var spaces = Self.spacesInARow

    init(limit: Int) {
        room = limit
    }

    var text: String { String(kept) }

    var isFull: Bool { room == 0 }

    mutating func take(_ scalar: Unicode.Scalar) {
        guard room > 0, !PlainText.isHidden(scalar) else { return }
        if scalar.isMark {
            guard marks > 0 else { return }
            marks -= 1
        } else if scalar.properties.generalCategory == .spaceSeparator {
            guard spaces > 0 else { return }
            spaces -= 1
            marks = Self.marksPerLetter
        } else {
            marks = Self.marksPerLetter
            spaces = Self.spacesInARow
        }
        kept.append(PlainText.isUnknown(scalar) ? "\u{FFFD}" : scalar)
        room -= 1
    }
}
