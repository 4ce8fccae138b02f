// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Testing

@testable import Vault

@Suite(.timeLimit(.minutes(1))) struct UnlockReasonTests {
    /// Something that goes on until the test lets it end.
    private let steps: AsyncStream<Void>
    private let step: AsyncStream<Void>.Continuation

    init() {
        (steps, step) = AsyncStream.makeStream()
    }

    @Test func `what is done is waited for while it is wanted`() async {
        #expect(await UnlockReason().whileWanted { 1 } == 1)
        #expect(await UnlockReason(cancellation: Cancellation()).whileWanted { 1 } == 1)
    }

    @Test func `whoever gives it up waits no longer`() async {
        let cancellation = Cancellation()
        let steps = steps
        let value: Int? = await UnlockReason(cancellation: cancellation).whileWanted {
            cancellation.cancel()
            for await _ in steps {}
            return 1
        }
        #expect(value == nil)
        step.finish()
    }

    @Test func `what nobody wants isn't begun`() async {
        let cancellation = Cancellation()
        cancellation.cancel()
        let steps = steps
        let value: Int? = await UnlockReason(cancellation: cancellation).whileWanted {
            for await _ in steps {}
            return 1
        }
        #expect(value == nil)
        step.finish()
    }
}
