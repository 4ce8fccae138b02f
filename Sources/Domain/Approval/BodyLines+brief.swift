// SPDX-License-Identifier: Apache-2.0

// The text where just a few short lines are drawn.
extension BodyLines {
    /// Where the rest of a question is to be read.
    package static let more = "More: keybell requests"

    /// How warnings are said.
    package enum BriefForm {
        /// All of it.
        case full
        /// In fewer words, but with all that they name.
        case shorter
        /// In as few words as will do.
        case brief
    }

    /// Whether there is a warning that names more in its shorter form than in its briefest.
    package var hasMoreNames: Bool { warnings.contains { $0.isWeighty && $0.shorter != $0.brief } }

    /// What is never left out, in ways that take less and less room: how a text may begin, the best first.
    ///
    /// All warnings are in each, and what goes out or is changed.
    ///
    /// - Parameters:
    ///   - way: How to answer, where that has to be said: behind the warnings, which are read before it.
    ///   - form: How the warnings are said.
    /// - Returns: The lines of each way.
    package func cores(way: String?, _ form: BriefForm) -> [[String]] {
        let way = [way].compactMap(\.self)
        let essence = matters.filter(\.isEssential).map(\.brief)
        let briefs: [String]
        switch form {
        case .full: return [warnings.map(\.text) + way + essence]
        case .shorter: briefs = warnings.map(\.shorter)
        case .brief: briefs = warnings.map(\.brief)
        }
        let apart = briefs.isEmpty ? [] : [briefs.joined(separator: " ")]
        let joined = [apart + way + essence, [(briefs + essence).joined(separator: " ")] + way]
        return [briefs + way + essence] + joined
    }

    /// Where there isn't room even for that: just the weightiest warnings, fewer and fewer, and how many more there
    /// are.
    package var counted: [[String]] {
        let essence = matters.filter(\.isEssential).map(\.brief)
        return warnings.indices.reversed().flatMap { kept in
            let left = warnings.count - kept
            let count = "\(left) \(kept > 0 ? "more " : "")warning\(left == 1 ? "" : "s"): see keybell watch."
            return [\BodyLine.shorter, \.brief].map { form in
                [(warnings.prefix(kept).map { $0[keyPath: form] } + [count] + essence).joined(separator: " ")]
            }
        }
    }

    /// What may stand behind a core, as far as there is room for it.
    package var rest: [String] {
        matters.filter { !$0.isEssential }.map(\.text)
    }
}
