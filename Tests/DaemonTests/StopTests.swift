// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import Daemon

/// The daemon's end, which comes before systemd kills it.
struct StopTests {
    /// Goes on until it is let go of, whoever tells it to stop.
    private struct Stuck: Service {
        private let hold: Task<Void, Never>
        let letGo: @Sendable () -> Void

        init() {
            let (stream, end) = AsyncStream<Void>.makeStream()
            hold = Task { for await _ in stream {} }
            letGo = { end.finish() }
        }

        func run() async {
            await hold.value
        }
    }

    private struct Failing: Service {
        struct Failure: Error {}

        func run() async throws { throw Failure() }
    }

    private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test func `all that the daemon waits for at its end comes before the unit's TimeoutStopSec`() throws {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let unit = try String(
            contentsOf: repository.appending(path: "systemd/keybell.service"),
            encoding: .utf8
        )
        let line = try #require(unit.split(separator: "\n").first { $0.hasPrefix("TimeoutStopSec=") })
        let limit = try #require(Int(line.dropFirst("TimeoutStopSec=".count)))
        // Apart from these nothing is waited for: the services are stopped within one time, and the rest is done at once.
        let longest = max(StopTimes.all, StopTimes.services + StopTimes.records) + StopTimes.log
        #expect(longest + .seconds(5) <= .seconds(limit))
        #expect(StopTimes.all - StopTimes.services >= .seconds(20))
    }

    @Test func `a service that goes on though it is told to stop is left to itself`() async throws {
        let stuck = Stuck()
        defer { stuck.letGo() }
        let running = ServiceRun([stuck, Failing()], timeout: .milliseconds(1), logger: Self.silent)
        await #expect(throws: StopTimedOut.self) {
            try await withDeadline(.seconds(60)) { try await running.run(until: []) }
        }
        #expect(running.stopped != nil)
    }

    @Test func `what ends the services is told once they have ended`() async throws {
        let running = ServiceRun([Failing()], timeout: .seconds(60), logger: Self.silent)
        await #expect(throws: Failing.Failure.self) {
            try await withDeadline(.seconds(60)) { try await running.run(until: []) }
        }
    }

    @Test func `what is stuck at the end holds up nothing else`() async throws {
        let stuck = Stuck()
        defer { stuck.letGo() }
        let done = Mutex<[Int]>([])
        let last = LastWork(
            parts: (0..<3).map { number in
                LastWork.Part(timeout: .milliseconds(1), trouble: "late") {
                    // The first of them would keep the others from their turn.
                    if number == 0 { await stuck.run() }
                    done.withLock { $0.append(number) }
                }
            } + [LastWork.Part(timeout: .seconds(60), trouble: "late") { done.withLock { $0.append(3) } }],
            logger: Self.silent
        )
        try await withDeadline(.seconds(60)) { await last.run() }
        #expect(done.withLock { $0.contains(3) && !$0.contains(0) })
    }
}
