// SPDX-License-Identifier: Apache-2.0

/// Who may answer whose request: not the asker itself, nor what belongs to it.
///
/// A guard against mistakes, such as a script that allows its own question; hostile code of the same user finds
/// ways round it.
package enum AnswerRule {
    /// Decides by what is known of both.
    ///
    /// An asker or answerer that could not be identified has no right to be answered, or to answer, in this way;
    /// which trusted surfaces may still do so is the queue's own rule.
    ///
    /// - Parameters:
    ///   - answerer: Who answers.
    ///   - caller: Who asked.
    /// - Returns: False for whoever has had the asking socket and its descendants, for the same sandbox, and, where an
    ///   asker has no terminal, for the same application of the desktop without one of its own.
    package static func mayAnswer(_ answerer: Answerer, of caller: Caller) -> Bool {
        guard caller.isKnown, isApart(answerer, from: caller), let first = answerer.chain.first else {
            return false
        }
        return caller.askers.allSatisfy { asker in
            asker.process.hasTerminal || first.hasTerminal || first.scope == nil
                || first.scope != asker.process.scope
        }
    }

    /// Whether an answerer has nothing to do with those who have had the asking socket, known or not.
    ///
    /// - Returns: False also for an answerer that could not be identified.
    package static func isApart(_ answerer: Answerer, from caller: Caller) -> Bool {
        guard let first = answerer.chain.first, answerer.identity == first.identity else { return false }
        let holders = Set(caller.holders).union(caller.askers.map(\.process.identity))
        if answerer.chain.contains(where: { holders.contains($0.identity) }) { return false }
        return answerer.sandbox.map { !caller.sandboxes.contains($0) } ?? true
    }
}
