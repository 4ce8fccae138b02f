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
        let briefs = said(form)
        if form == .full { return [briefs + way + essence] }
        let apart = briefs.isEmpty ? [] : [briefs.joined(separator: " ")]
        let joined = [apart + way + essence, [(briefs + essence).joined(separator: " ")] + way]
        return [briefs + way + essence] + joined
    }

    /// The warnings.
    func said(_ form: BriefForm) -> [String] {
        switch form {
        case .full: warnings.map(\.text)
        case .shorter: warnings.map(\.shorter)
        case .brief: warnings.map(\.brief)
        }
    }

    /// Where there isn't room even for that: just the weightiest warnings, fewer and fewer but one if at all possible,
    /// and how many more there are.
    package var counted: [[String]] {
        let essence = matters.filter(\.isEssential).map(\.brief)
        return warnings.indices.reversed().flatMap { kept in
            let left = warnings.count - kept
            let word = "warning\(left == 1 ? "" : "s")"
            let count = kept > 0 ? "\(left) more \(word)" : "\(left) \(word)"
            let named = [\BodyLine.shorter, \.brief, \.terse].map { form in
                warnings.prefix(kept).map { $0[keyPath: form] }
            }
            return named.map { $0 + ["\(count): see keybell watch."] + essence }
                + named.suffix(2).map { $0 + ["\(left) more: keybell watch."] + essence }
        }.map { [$0.joined(separator: " ")] }
    }

    /// What may stand behind a core, as far as there is room for it: each line's forms, which take less and less.
    package var rest: [[String]] {
        matters.filter { !$0.isEssential }.map { [$0.text, $0.shorter, $0.brief] }
    }
}
