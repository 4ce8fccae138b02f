// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Console

struct BatchRunTests {
    @Test(.timeLimit(.minutes(1))) func `none waits for one that takes long`() async throws {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        try await BatchRun.each(of: [1, 2]) { (number) async throws(ConsoleError) in
            if number == 2 { continuation.yield() } else { for await _ in stream { return } }
        }
    }

    @Test func `a lone failure is told as it is, several are counted`() async throws {
        await #expect(throws: ConsoleError.refused("why")) {
            try await BatchRun.each(of: [1]) { (_) async throws(ConsoleError) in throw .refused("why") }
        }
        let gone = [ConsoleError.unreachable("a"), .unreachable("b")]
        #expect(BatchRun.failure(gone, of: 2) == .unreachable("All 2 failed."))
        #expect(BatchRun.failure(gone, of: 3).exitCode == 1)
        #expect(BatchRun.failure([gone[0], .refused("c")], of: 2).exitCode == 1)
        #expect(BatchRun.summary(failed: 3, of: 3) == "All 3 failed.")
        #expect(BatchRun.summary(failed: 1, of: 3) == "1 of 3 failed; the rest is done.")
    }
}
