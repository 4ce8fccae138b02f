// SPDX-License-Identifier: Apache-2.0

/// What matching may cost in all, over all texts that the budget is passed along for.
///
/// Attempts that don't match count like any other.
package struct MatchBudget: Sendable {
    /// When to give up.
    package let deadline: ContinuousClock.Instant
    /// How many more steps a pattern may take; trying one part of a pattern at one place of a text is a step.
    package internal(set) var steps: Int

    /// What one search may cost: at most two seconds' worth of steps on a slow machine.
    package static let usualSteps = 20_000_000

    /// Allows this much.
    package init(until deadline: ContinuousClock.Instant, steps: Int = MatchBudget.usualSteps) {
        self.deadline = deadline
        self.steps = steps
    }

    /// Whether nothing is left.
    package var isSpent: Bool { steps <= 0 || ContinuousClock.now >= deadline }
}
