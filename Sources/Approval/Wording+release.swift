// SPDX-License-Identifier: Apache-2.0

import DisplayText

extension Wording {
    /// Where a search looks and what goes out beside titles and user names.
    static func handedOutLines(_ request: ApprovalRequest) -> [String] {
        guard request.kind == .release else { return [] }
        var lines: [String] = []
        // Again, for some servers cut titles, and where a text ends can matter.
        if let search = request.search { lines.append("Text: \(PlainText.quoted(search))") }
        if !request.places.isEmpty {
            let places = request.places.map { PlainText.field($0.replacing("-", with: " ")) }
            lines.append("Looks at: " + places.joined(separator: ", "))
        }
        if !request.passwords {
            lines.append("No passwords go out.")
        } else if request.search != nil {
            lines.append("What it finds goes out with its passwords.")
        }
        if !request.fieldNames.isEmpty {
            lines.append("String fields go along: \(list(request.fieldNames) { PlainText.quoted($0) })")
        }
        return lines
    }
}
