// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Linux

/// What signals do to a process, each in one of its own where that ends it.
struct ProcessSignalsTests {
    @Test func `signals come as a stream and do nothing else`() async {
        let hangups = ProcessSignals.stream(of: [SIGHUP], buffering: .bufferingNewest(1))
        kill(getpid(), SIGHUP)
        for await number in hangups {
            #expect(number == SIGHUP)
            return
        }
    }

    @Test func `a signal to which nobody listens any more ends the process again, after the clean-up`() async
    {
        let result = await #expect(
            processExitsWith: .signal(SIGTERM),
            observing: [\.standardOutputContent]
        ) {
            let cleanup = SignalCleanup { _ = unsafe write(1, "clean", 5) }
            do {
                let terminations = ProcessSignals.terminations()
                kill(getpid(), SIGTERM)
                for await number in terminations {
                    guard number == SIGTERM else { exit(1) }
                    break
                }
            }
            kill(getpid(), SIGTERM)
            for await _ in AsyncStream<Void>.makeStream().stream {}
            withExtendedLifetime(cleanup) {}
        }
        let output = result.map { String(decoding: $0.standardOutputContent, as: UTF8.self) } ?? ""
        #expect(output.contains("clean"))
    }

    @Test func `two who listen to a signal both hear it, and one that leaves takes nothing from the other`()
        async
    {
        await #expect(processExitsWith: .exitCode(0)) {
            let other = ProcessSignals.stream(of: [SIGINT])
            for _ in 0..<3 {
                let signals = ProcessSignals.terminations()
                kill(getpid(), SIGINT)
                for await _ in signals { break }
            }
            kill(getpid(), SIGINT)
            var heard = 0
            for await _ in other {
                heard += 1
                if heard == 4 { exit(0) }
            }
        }
    }

    @Test func `what was ignored before stays so, whatever is to be cleaned up or is lent`() async {
        await #expect(processExitsWith: .signal(SIGTERM)) {
            for number in [SIGHUP, SIGTSTP] { ProcessSignals.ignore(number) }
            let cleanup = SignalCleanup {}
            ProcessSignals.suspend(SIGTSTP)
            ProcessSignals.suspend(SIGTSTP)
            for _ in 1...2 {
                ProcessSignals.resume(SIGTSTP)
                kill(getpid(), SIGTSTP)
            }
            kill(getpid(), SIGHUP)
            kill(getpid(), SIGTERM)
            for await _ in AsyncStream<Void>.makeStream().stream {}
            withExtendedLifetime(cleanup) {}
        }
    }
}
