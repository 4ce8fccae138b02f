// SPDX-License-Identifier: Apache-2.0

// The text where just a few short lines are drawn.
extension BodyLines {
    /// Where the rest of a question is to be read.
    package static let more = "More: keybell requests"

    /// What is never left out, in ways that take less and less room: how a text may begin, the best first.
    ///
    /// All warnings are in each, and what goes out or is changed.
    ///
    /// - Parameters:
    ///   - way: How to answer, where that has to be said: behind the warnings, which are read before it.
    ///   - isWhole: Whether warnings may stand there in full, too.
    /// - Returns: The lines of each way.
    package func cores(way: String?, isWhole: Bool) -> [[String]] {
        let way = [way].compactMap(\.self)
        let essence = matters.filter(\.isEssential).map(\.brief)
        let briefs = warnings.map(\.brief)
        let full = isWhole ? [warnings.map(\.text) + way + essence] : []
        let apart = briefs.isEmpty ? [] : [briefs.joined(separator: " ")]
        let joined = [apart + way + essence, [(briefs + essence).joined(separator: " ")] + way]
        return full + [briefs + way + essence] + joined
    }

    /// Where there isn't room for that either: just the weightiest warnings, fewer and fewer, and how many more there are.
    package var counted: [[String]] {
        let essence = matters.filter(\.isEssential).map(\.brief)
        return warnings.indices.reversed().map { kept in
            let left = warnings.count - kept
            let count = "\(left) \(kept > 0 ? "more " : "")warning\(left == 1 ? "" : "s"): see keybell watch."
            return [(warnings.prefix(kept).map(\.brief) + [count] + essence).joined(separator: " ")]
        }
    }

    /// What may stand behind a core, as far as there is room for it.
    package var rest: [String] {
        matters.filter { !$0.isEssential }.map(\.text)
    }
}
