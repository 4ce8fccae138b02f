// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import TestSupport
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
        let longest =
            max(StopTimes.all, StopTimes.services + StopTimes.grace + StopTimes.records * 2) + StopTimes.log
        #expect(longest + .seconds(5) <= .seconds(limit))
        #expect(StopTimes.all - StopTimes.services - StopTimes.records >= .seconds(20))
    }

    /// Tells the group to stop, as systemd does, once it runs.
    private struct Stopping: Service {
        let stop: AsyncStream<Int32>.Continuation

        func run() async throws {
            stop.yield(SIGTERM)
            try? await gracefulShutdown()  // cancelled is told to stop, too
        }
    }

    /// Waits for the stop, and says that it has heard of it.
    private struct Waiting: Service {
        let ends: @Sendable () -> Void

        func run() async throws {
            try? await gracefulShutdown()  // cancelled is told to stop, too
            ends()
        }
    }

    private func run(
        _ services: [any Service],
        until stops: AsyncStream<Int32> = AsyncStream { _ in },
        timeout: Duration
    ) async throws -> ServiceRun {
        let running = ServiceRun(services, timeout: timeout, grace: .milliseconds(1), logger: Self.silent)
        try await withDeadline(.seconds(60)) { try await running.run(until: stops) }
        return running
    }

    @Test func `a stop that was asked for is no failure, whatever goes on`() async throws {
        let stuck = Stuck()
        defer { stuck.letGo() }
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let (stops, stop) = AsyncStream.makeStream(of: Int32.self)
        // What is stuck is told first, and would keep the others from hearing of it.
        let running = try await run(
            [Waiting { end.finish() }, Stopping(stop: stop), stuck],
            until: stops,
            timeout: .milliseconds(1)
        )
        #expect(running.stopped != nil)
        try await withDeadline(.seconds(60)) { for await _ in ends {} }
    }

    @Test func `a failure is one, though something goes on after it`() async throws {
        let stuck = Stuck()
        defer { stuck.letGo() }
        await #expect(throws: Failing.Failure.self) {
            _ = try await run([stuck, Failing()], timeout: .milliseconds(1))
        }
    }

    @Test func `what ends the services is told once they have ended`() async throws {
        await #expect(throws: Failing.Failure.self) { _ = try await run([Failing()], timeout: .seconds(60)) }
    }

    @Test func `what is stuck at the end holds up nothing else`() async throws {
        let stuck = Stuck()
        defer { stuck.letGo() }
        let done = Mutex<[Int]>([])
        let last = LastWork(
            steps: [
                (0..<3).map { number in
                    LastWork.Part(timeout: .milliseconds(1), trouble: "late") {
                        // The first of them would keep the others from their turn.
                        if number == 0 { await stuck.run() }
                        done.withLock { $0.append(number) }
                    }
                } + [LastWork.Part(timeout: .seconds(60), trouble: "late") { done.withLock { $0.append(3) } }]
            ],
            logger: Self.silent
        )
        try await withDeadline(.seconds(60)) { await last.run() }
        #expect(done.withLock { $0.contains(3) && !$0.contains(0) })
    }

    @Test func `what keeps the records of the end begins after what is recorded, and though that hangs`()
        async throws
    {
        let stuck = Stuck()
        defer { stuck.letGo() }
        let done = Mutex<[String]>([])
        let (saved, save) = AsyncStream.makeStream(of: Void.self)
        let last = LastWork(
            steps: [
                [
                    LastWork.Part(timeout: .seconds(60), trouble: "late") {
                        for await _ in saved {}
                        done.withLock { $0.append("saved") }
                    },
                    LastWork.Part(timeout: .milliseconds(1), trouble: "late") { await stuck.run() },
                    LastWork.Part(timeout: .seconds(60), trouble: "late") { save.finish() },
                ],
                [
                    LastWork.Part(timeout: .seconds(60), trouble: "late") {
                        done.withLock { $0.append("kept") }
                    }
                ],
            ],
            logger: Self.silent
        )
        try await withDeadline(.seconds(60)) { await last.run() }
        #expect(done.withLock { $0 } == ["saved", "kept"])
    }

    @Test func `what is still to be kept is kept, though whoever waits for it is cancelled`() async {
        let done = Mutex<[Int]>([])
        let log = CollectedLog()
        let part = LastWork.Part(timeout: .seconds(60), trouble: "late") {
            for _ in 0..<100 { await Task.yield() }
            done.withLock { $0.append(1) }
        }
        let last = LastWork(steps: [[part], [part]], logger: log.logger)
        let ending = Task {
            while !Task.isCancelled { await Task.yield() }
            await last.run()
        }
        ending.cancel()
        await ending.value
        #expect(done.withLock { $0 } == [1, 1])
        #expect(log.messages.isEmpty)
    }

    @Test func `a stop while the configuration is read is no mistake in it`() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("config.toml", "")
        let reading = Task {
            while !Task.isCancelled { await Task.yield() }
            return await ConfigurationProblem.find(in: path)
        }
        reading.cancel()
        #expect(await reading.value == nil)
    }
}
