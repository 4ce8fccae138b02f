// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// How a request was shown, for a daemon that no longer knows anything else about it; nothing of an entry is in it.
struct StoredQuestionText: Codable, Equatable, Sendable {
    private(set) var title: String
    private var warnings: [String]
    private var matters: [String]

    /// Its other lines.
    var lines: BodyLines {
        BodyLines(warnings: warnings.map { BodyLine($0) }, matters: matters.map { BodyLine($0) })
    }

    /// How a request is shown, but for what entries and searches say.
    init(_ request: ApprovalRequest, _ limits: ApprovalLimits) {
        var request = request
        request.withholdSearch()
        (request.claimedTitle, request.fieldNames) = (nil, [])
        let nameless = EntryLine(uuid: "", title: "", username: "")
        // A title counts them.
        if request.kind == .release {
            request.entries = request.entries.map { _ in nameless }
        } else {
            request.dropEntries()
        }
        title = Wording.title(request)
        request.dropEntries()
        let lines = Wording.lines(request, limits)
        (warnings, matters) = (lines.warnings.map(\.text), lines.matters.map(\.text))
    }

    /// The same, fit to be shown whoever has written it.
    var cleaned: StoredQuestionText {
        var text = self
        text.title = PlainText.line(title, limit: Self.longest)
        text.warnings = warnings.prefix(Self.mostLines).map { PlainText.line($0, limit: Self.longest) }
        text.matters = matters.prefix(Self.mostLines).map { PlainText.line($0, limit: Self.longest) }
        return text
    }

    private static let longest = 1000
    private static let mostLines = 32
}
