// SPDX-License-Identifier: Apache-2.0

import CGLib

extension StringProtocol {
    /// How many columns of a terminal the text takes: two for a wide letter (UAX #11), none for what stands on another.
    package var columnWidth: Int {
        unicodeScalars.reduce(0) { $0 + $1.columnWidth }
    }
}

extension Character {
    /// How many columns of a terminal the letter takes, with all that stands on it.
    package var columnWidth: Int {
        unicodeScalars.reduce(0) { $0 + $1.columnWidth }
    }
}

extension Unicode.Scalar {
    fileprivate var columnWidth: Int {
        if value < 0x300 { return value == 0xAD ? 0 : 1 }
        if g_unichar_iszerowidth(value) != 0 { return 0 }
        return g_unichar_iswide(value) != 0 ? 2 : 1
    }
}
