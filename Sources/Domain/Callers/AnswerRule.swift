// SPDX-License-Identifier: Apache-2.0

/// Who may answer whose request: not the asker itself, nor what belongs to it.
///
/// A guard against mistakes, such as a script that allows its own question; hostile code of the same user finds
/// ways round it.
package enum AnswerRule {
    /// Decides by what is known of both.
    ///
    /// By this rule an answerer that could not be identified may not answer, and an asker that could not be identified
    /// isn't answered; which trusted surfaces may still do so is the queue's own rule.
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
    /// - Returns: False also for an answerer that could not be identified and, where it isn't certain who asks, for one
    ///   with a parent that can't be looked at.
    package static func isApart(_ answerer: Answerer, from caller: Caller) -> Bool {
        guard let first = answerer.chain.first, answerer.identity == first.identity else { return false }
        let holders = Set(caller.holders).union(caller.askers.map(\.process.identity))
        // A service manager keeps descriptors for those who ask it to, and everything descends from it.
        if answerer.chain.contains(where: { holders.contains($0.identity) && !$0.isServiceManager }) {
            return false
        }
        // It could just as well descend from the asker that nobody sees.
        if !caller.isKnown, answerer.hasHiddenParent { return false }
        if caller.askers.contains(where: { isOrphan(answerer, of: $0) }) { return false }
        return answerer.sandbox.map { !caller.sandboxes.map(\.name).contains($0.name) } ?? true
    }

    /// Whether an answerer on a terminal is in another session than the askers, and isn't one of them itself.
    ///
    /// One of its parents may have been handed a connection, as a terminal multiplexer can be by whoever attaches to
    /// it: a denial does no harm even then.
    package static func isInSessionApart(_ answerer: Answerer, from callers: [Caller]) -> Bool {
        guard let first = answerer.chain.first, answerer.identity == first.identity, first.hasTerminal,
            first.session != 0, answerer.sandbox == nil
        else { return false }
        return callers.allSatisfy { caller in
            !caller.holders.contains(first.identity)
                && caller.askers.allSatisfy { $0.process.session != first.session }
        }
    }

    /// Whether an answerer looks like a descendant of an asker that has lost its parent, as `setsid -f` makes them.
    ///
    /// Whatever has adopted it, the topmost of it and its parents that are of the asker's session or process group is
    /// younger than the asker, and doesn't lead that session; or, without a terminal of its own, it has the very same
    /// standard input, output or error, not given to it by a parent that is older than the asker. A terminal that the person
    /// opens has all these of its own, and what they start from one that was there before has an older parent.
    private static func isOrphan(_ answerer: Answerer, of asker: Holder) -> Bool {
        let process = asker.process
        let chain = answerer.chain.filter { !$0.isServiceManager }
        let young = chain.prefix { $0.identity.startTime >= process.identity.startTime }
        guard let first = young.first else { return false }
        func isOfItsJob(_ record: ProcessRecord) -> Bool {
            (process.session != 0 && record.session == process.session)
                || (process.group != 0 && record.group == process.group)
        }
        let top = chain.drop { !isOfItsJob($0) }.prefix(while: isOfItsJob).last
        if let top, young.contains(top), top.identity.pid != top.session { return true }
        let adopter = chain.dropFirst(young.count).first
        let given = adopter.flatMap { answerer.parentStreams[$0.identity] } ?? []
        // Of an asker that has no parent itself, these may be what a desktop gives to all that it starts.
        let hasParent = asker.processes.dropFirst().contains { !$0.isServiceManager }
        return hasParent && !first.hasTerminal
            && !answerer.streams.subtracting(given).isDisjoint(with: asker.streams)
    }
}
