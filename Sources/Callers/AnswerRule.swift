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
    /// - Returns: False for a holder of the asking socket and its descendants, for the same sandbox, and, where the
    ///   asker has no terminal, for the same application of the desktop without one of its own.
    package static func mayAnswer(_ answerer: Answerer, of caller: Caller) -> Bool {
        guard let asker = caller.processes.first, let first = answerer.chain.first,
            answerer.identity == first.identity
        else { return false }
        let holders = Set(caller.holders).union([asker.identity])
        if answerer.chain.contains(where: { holders.contains($0.identity) }) { return false }
        if let sandbox = answerer.sandbox, sandbox == caller.sandbox { return false }
        if !asker.hasTerminal, !first.hasTerminal, let scope = first.scope, scope == asker.scope {
            return false
        }
        return true
    }
}
