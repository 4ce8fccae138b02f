// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Console

/// What a signal to a command leaves of what it has sent.
@Suite(.timeLimit(.minutes(1))) struct InterruptionTests {
    @Test func `whoever ends a command is told that the outcome of what was sent isn't known`() async {
        let result = await #expect(processExitsWith: .signal(SIGINT), observing: [\.standardErrorContent]) {
            try await Interruption.telling("the denial of 7F2A") { () async throws(ConsoleError) in
                kill(getpid(), SIGINT)
                // Until the process ends.
                for await _ in AsyncStream<Void>.makeStream().stream {}
            }
        }
        let errors = result.map { String(decoding: $0.standardErrorContent, as: UTF8.self) } ?? ""
        let told = "keybell: the denial of 7F2A was sent; Keybell hasn't confirmed it."
        #expect(errors.contains(told), "\(errors)")
    }

    @Test func `what is confirmed soon after a signal is told as ever, and the next one ends the command`()
        async
    {
        await #expect(processExitsWith: .signal(SIGINT)) {
            let expected = ConsoleError.refused("No.")
            do throws(ConsoleError) {
                try await Interruption.telling("the denial of 7F2A") { () async throws(ConsoleError) in
                    kill(getpid(), SIGINT)
                    for _ in 0..<100 { await Task.yield() }
                    throw expected
                }
                exit(7)
            } catch {
                guard error == expected else { exit(7) }
            }
            kill(getpid(), SIGINT)
            for await _ in AsyncStream<Void>.makeStream().stream {}
        }
    }
}
