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
    /// - Returns: False also for an answerer that could not be identified and, where it isn't certain who asks, for one of
    ///   whose parents one can't be looked at.
    package static func isApart(_ answerer: Answerer, from caller: Caller) -> Bool {
        guard let first = answerer.chain.first, answerer.identity == first.identity else { return false }
        let holders = Set(caller.holders).union(caller.askers.map(\.process.identity))
        if answerer.chain.contains(where: { holders.contains($0.identity) }) { return false }
        // It could as well be below the asker that nobody sees.
        if !caller.isKnown, answerer.hasHiddenParent { return false }
        if caller.askers.contains(where: { isOrphan(answerer, of: $0) }) { return false }
        return answerer.sandbox.map { !caller.sandboxes.map(\.name).contains($0.name) } ?? true
    }

    /// Whether an answerer looks like a descendant of an asker that has lost its parent, as `setsid -f` makes them.
    ///
    /// What started it, as far up as can be seen, is younger than the asker; and it is of the asker's session or process
    /// group, or, without a terminal of its own, has the very same standard input, output or error. A terminal that the
    /// person opens has all these of its own, and what they start from one that was there before has an older parent.
    private static func isOrphan(_ answerer: Answerer, of asker: Holder) -> Bool {
        guard let first = answerer.chain.first,
            let top = answerer.chain.last(where: { !$0.isServiceManager }),
            top.identity.startTime >= asker.process.identity.startTime
        else { return false }
        let process = asker.process
        for record in [first, top] {
            if process.session != 0, record.session == process.session { return true }
            if process.group != 0, record.group == process.group { return true }
        }
        // Of an asker that has no parent itself, these may be what a desktop gives to all that it starts.
        let hasParent = asker.processes.dropFirst().contains { !$0.isServiceManager }
        return hasParent && !first.hasTerminal && !answerer.streams.isDisjoint(with: asker.streams)
    }
}
