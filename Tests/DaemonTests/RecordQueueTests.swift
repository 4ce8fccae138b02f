// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Callers
import ConcurrencyTools
import Synchronization
import Testing

@testable import Daemon

/// Records of answers, on a disk that is slow.
@Suite(.timeLimit(.minutes(1))) struct RecordQueueTests {
    /// Keeps records of some outcomes only once it is let go of.
    private final class Disk: Sendable {
        private let kept = Mutex<[[String]]>([])
        private let hold: Task<Void, Never>
        let letGo: @Sendable () -> Void
        private let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        private let slow: Set<String>

        init(slow: Set<String>) {
            let (stream, end) = AsyncStream<Void>.makeStream()
            hold = Task { for await _ in stream {} }
            letGo = { end.finish() }
            self.slow = slow
        }

        /// What was kept together.
        var batches: [[String]] { kept.withLock { $0 } }

        func keep(_ happened: [AuditTrail.Happened]) async {
            let outcomes = happened.compactMap { $0.fields[.outcome] ?? nil }
            begin.yield()
            if outcomes.contains(where: slow.contains) { await hold.value }
            kept.withLock { $0.append(outcomes) }
        }

        /// Returns once it has been given something.
        func isUsed() async {
            for await _ in begun { return }
        }
    }

    private static func record(_ outcome: String) -> AuditTrail.Happened {
        (.answered, [.outcome: outcome])
    }

    @Test func `what comes while others are being kept is kept together, in order, up to a number`() async {
        let (disk, log) = (Disk(slow: ["expired"]), CollectedLog())
        let queue = RecordQueue(most: 2, logger: log.logger, keep: disk.keep)
        await queue.add(Self.record("expired"))
        await disk.isUsed()
        for outcome in ["a", "b", "c", "d"] { await queue.add(Self.record(outcome)) }
        disk.letGo()
        await queue.finish()
        #expect(disk.batches == [["expired"], ["a", "b"]])
        #expect(log.messages.count == 1)
        await queue.add(Self.record("e"))
        await queue.finish()
        #expect(disk.batches.last == ["e"])
    }

    @Test func `an answer's record waits for none of a question that came to nothing`() async throws {
        let (disk, log, approvals) = (Disk(slow: ["withdrawn"]), CollectedLog(), ApprovalBroker())
        let recorder = AnswerRecorder(events: approvals.events(), logger: log.logger, keep: disk.keep)
        let run = Task { await recorder.run() }
        var events = approvals.events().makeAsyncIterator()
        for (number, isAnswered) in [false, true].enumerated() {
            let asking = Task {
                await approvals.ask(
                    ApprovalRequest(
                        kind: .associate,
                        caller: .unknown(uid: 1000),
                        questionDigest: [UInt8(number)]
                    )
                )
            }
            var code: String?
            while code == nil, let event = await events.next() {
                if case .added(let request) = event { code = request.code }
            }
            if isAnswered {
                try await approvals.answer(code: #require(code), decision: .deny, through: .notifier)
            } else {
                await approvals.withdraw(.everything)
            }
            _ = await asking.value
        }
        while disk.batches.isEmpty { await Task.yield() }
        #expect(disk.batches == [["denied"]])
        disk.letGo()
        await approvals.shutDown()
        await run.value
        #expect(disk.batches == [["denied"], ["withdrawn"]])
    }
}
