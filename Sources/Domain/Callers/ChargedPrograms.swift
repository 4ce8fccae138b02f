// SPDX-License-Identifier: Apache-2.0

/// The programs at one connection, as limits go by them; grants and quiet times go by `Program`.
///
/// A program that gets another's process to hold its connections, too, must not use up that one's own allowance. So
/// what a program asks alone counts against it and against everything that it asks together with others; what several
/// ask together counts against them together, and against none of them alone.
package struct ChargedPrograms: Hashable, Sendable {
    /// What they are counted by (`Caller.vouchedIDs`).
    package let ids: Set<String>

    /// Whether they are several programs, or it isn't certain that there is only one.
    package let isShared: Bool

    /// The programs of a caller.
    package init(of caller: Caller) {
        ids = caller.vouchedIDs
        let (first, others) = (caller.askers.first, caller.askers.dropFirst())
        let areDifferent = others.contains { $0.vouched != first?.vouched || $0.file != first?.file }
        isShared = areDifferent || caller.sandboxes.count > 1 || (!caller.isKnown && first != nil)
    }

    /// Whether what others have counts against these.
    package func isCharged(for other: ChargedPrograms) -> Bool {
        isShared ? !ids.isDisjoint(with: other.ids) : other.ids.isSubset(of: ids)
    }

    /// Whether these may have one more beside what others have.
    ///
    /// - Parameters:
    ///   - others: Who has one already, each as often as it has.
    ///   - limit: How many a program may have.
    /// - Returns: False where any of these has as many.
    package func haveRoom(beside others: some Collection<ChargedPrograms>, limit: Int) -> Bool {
        haveRoom(for: 1, beside: others.lazy.map { ($0, 1) }, limit: limit)
    }

    /// Whether these may have so much more beside what others have.
    ///
    /// - Parameters:
    ///   - amount: How much more.
    ///   - others: Who has how much already.
    ///   - limit: How much a program may have.
    /// - Returns: False where any of these would have more.
    package func haveRoom(
        for amount: Int,
        beside others: some Sequence<(ChargedPrograms, Int)>,
        limit: Int
    ) -> Bool {
        let charged = others.filter { isCharged(for: $0.0) }
        return ids.allSatisfy { id in
            charged.reduce(amount) { $1.0.ids.contains(id) ? $0 + $1.1 : $0 } <= limit
        }
    }
}
