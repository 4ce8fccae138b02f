// SPDX-License-Identifier: Apache-2.0

import Callers
import Linux
import Synchronization

/// How much memory the replies may take that are being made, or wait for their peers to read them, all together.
///
/// A program has no more than its share of that, which is as much as one reply may have, so that one that doesn't read
/// doesn't keep others from their answers. What a reply takes is given back when nobody holds its lease any longer.
final class ReplyBudget: Sendable {
    /// One reply's share of it.
    final class Lease: Sendable {
        private let budget: ReplyBudget
        private let programs: ChargedPrograms
        private let size = Mutex(0)

        fileprivate init(_ budget: ReplyBudget, _ programs: ChargedPrograms) {
            self.budget = budget
            self.programs = programs
        }

        deinit {
            let size = size.withLock { $0 }
            budget.giveBack(size, of: programs)
            // For a long reply, giving freed memory back is worth the work.
            if size > ReplyBudget.short { FreedMemory.giveBackSoon() }
        }

        /// Takes so many bytes more; false where there is no room for them.
        func take(_ bytes: Int) -> Bool {
            guard budget.take(bytes, for: programs) else { return false }
            size.withLock { $0 += bytes }
            return true
        }
    }

    private struct State {
        var all = 0
        var byPrograms: [ChargedPrograms: Int] = [:]
    }

    private static let short = 16 << 10

    private let most: Int
    private let share: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - most: How many bytes of names, passwords and fields in all.
    ///   - share: How many of one program.
    init(most: Int = 64 << 20, share: Int = ReplyEntries.most) {
        self.most = most
        self.share = share
    }

    /// How many bytes are taken.
    var taken: Int { state.withLock { $0.all } }

    /// The lease of a reply to these programs, empty so far.
    func lease(for programs: ChargedPrograms) -> Lease {
        Lease(self, programs)
    }

    private func take(_ bytes: Int, for programs: ChargedPrograms) -> Bool {
        state.withLock { state in
            guard state.all + bytes <= most,
                programs.haveRoom(
                    for: bytes,
                    beside: state.byPrograms.lazy.map { ($0.key, $0.value) },
                    limit: share
                )
            else { return false }
            state.all += bytes
            state.byPrograms[programs, default: 0] += bytes
            return true
        }
    }

    private func giveBack(_ bytes: Int, of programs: ChargedPrograms) {
        state.withLock { state in
            state.all -= bytes
            let left = state.byPrograms[programs, default: 0] - bytes
            state.byPrograms[programs] = left > 0 ? left : nil
        }
    }
}
