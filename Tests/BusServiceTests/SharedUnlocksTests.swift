// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DBus
import TestSupport
import Testing

@testable import BusService

@Suite(.timeLimit(.minutes(1))) struct SharedUnlocksTests {
    @Test func `many wait for one unlock, and who leaves waits no more while it goes on`() async throws {
        let unlocks = SharedUnlocks()
        let begun = Observed(0)
        let isHeld = Observed(true)
        @Sendable func unlock(_ cancellation: Cancellation) async -> SharedUnlocks.Outcome? {
            await unlocks.outcome(of: "passwords", until: cancellation) {
                begun.update { $0 += 1 }
                try? await isHeld.wait(for: "the person") { $0 ? nil : () }  // the test fails by what follows
                return SharedUnlocks.Outcome(failure: nil)
            }
        }
        let leaving = (0..<100).map { _ in Cancellation() }
        let gone = leaving.map { cancellation in Task { await unlock(cancellation) } }
        let staying = Task { await unlock(Cancellation()) }
        try await begun.wait(for: "the unlock") { $0 > 0 ? () : nil }
        for cancellation in leaving { cancellation.cancel() }
        for task in gone { #expect(await task.value == nil) }
        #expect(begun.now == 1)
        isHeld.update { $0 = false }
        #expect(await staying.value != nil)
    }
}
