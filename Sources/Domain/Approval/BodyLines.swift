// SPDX-License-Identifier: Apache-2.0

/// A line of a question's text.
package struct BodyLine: Sendable, Hashable {
    /// All of it.
    let text: String
    /// The same in fewer words, but with all that it names.
    let shorter: String
    /// The same in as few words as will do.
    let brief: String
    /// Hardly more than what kind of warning it is, where there are too many.
    let terse: String
    /// Whether it is said even where there is hardly any room.
    let isEssential: Bool
    /// Whether what its briefest form leaves out is worth more than where the rest of the question is.
    let isWeighty: Bool

    init(
        _ text: String,
        shorter: String? = nil,
        brief: String? = nil,
        terse: String? = nil,
        isEssential: Bool = false,
        isWeighty: Bool = false
    ) {
        (self.text, self.brief, self.isEssential, self.isWeighty) = (
            text, brief ?? text, isEssential, isWeighty
        )
        self.shorter = shorter ?? self.brief
        self.terse = terse ?? self.brief
    }
}

/// The lines of a question's text, before it is known how many there is room for.
package struct BodyLines: Sendable, Hashable {
    /// What should make a person think twice, the weightiest first.
    let warnings: [BodyLine]
    /// What is asked for, the weightiest first.
    let matters: [BodyLine]

    /// As many lines as are read in a hurry, and as notifiers draw.
    package static let most = 5

    /// How many lines of what is asked for are never pushed out by warnings.
    private static let mostPressing = 2

    /// Whether there is anything to think twice about.
    package var hasWarnings: Bool { !warnings.isEmpty }

    /// At most five lines below the question: all warnings, the lighter ones sharing a line where there are many, and
    /// as much of the rest as there is room for.
    ///
    /// - Parameters:
    ///   - form: How the warnings are said.
    ///   - first: What comes before everything else: the question itself, where the title has no room for it.
    ///   - way: How to answer, where that has to be said: behind the warnings, which are read before it.
    ///   - note: Why it is asked once more.
    ///   - last: What comes last, if there is room for it.
    /// - Returns: The lines.
    package func shown(
        _ form: BriefForm = .full,
        first: String? = nil,
        way: String? = nil,
        note: String? = nil,
        last: String? = nil
    ) -> [String] {
        let fixed = [way, note].compactMap(\.self).count
        let room = max(Self.most - fixed - min(matters.count, Self.mostPressing), 1)
        var warnings = said(form)
        if warnings.count > room {
            warnings.replaceSubrange((room - 1)..., with: [warnings[(room - 1)...].joined(separator: " ")])
        }
        let left = Self.most - fixed - warnings.count
        let rest = matters.prefix(left).map(\.text)
        return [first].compactMap(\.self) + warnings + [way, note].compactMap(\.self) + rest
            + (rest.count < left ? [last].compactMap(\.self) : [])
    }
}
