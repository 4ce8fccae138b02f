// SPDX-License-Identifier: Apache-2.0

import DisplayText

// What a server that does markup would take for markup.
extension NotificationServer {
    /// A body of plain text in the form that this server needs.
    func form(_ body: String) -> String { escaped(PlainText.fromLeftToRight(body)) }

    /// Plain text in the form that this server needs.
    ///
    /// Quotes mean nothing outside a tag, and GNOME shows `&#39;` as it is.
    func escaped(_ text: String) -> String {
        guard capabilities.contains("body-markup") else { return text }
        return text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.append(character)
            }
        }
    }
}
