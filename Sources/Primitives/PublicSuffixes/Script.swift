// SPDX-License-Identifier: Apache-2.0

import CGLib

/// The scripts that a text's letters belong to.
package enum Script {
    /// Whether all letters are of one script, so that none can stand for another one's that looks like it (after
    /// UTS #39, 5.1).
    ///
    /// - Parameters:
    ///   - text: The text; digits, hyphens and marks are of every script.
    ///   - orNone: What is said of a text without letters.
    /// - Returns: Whether it is so.
    package static func isOne(_ text: String, orNone: Bool = false) -> Bool {
        var only: UInt32?
        for scalar in text.unicodeScalars {
            let script = g_unichar_get_script(scalar.value)
            guard script != G_UNICODE_SCRIPT_COMMON, script != G_UNICODE_SCRIPT_INHERITED else { continue }
            let number = UInt32(bitPattern: script.rawValue)
            guard only == nil || only == number else { return false }
            only = number
        }
        return only != nil || orNone
    }
}
