// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Glibc
import Linux
import Synchronization

/// Writes the lines of one file on a thread of its own, in the order in which they come: those that have come meanwhile
/// all at once, to a file that stays open.
final class AuditFileWriter: Sendable {
    /// Told of a line that has been written, or why it couldn't be; must not wait.
    typealias Written = @Sendable (SystemCallError?) -> Void

    private struct Pending {
        let line: [UInt8]
        /// Until when a lock is waited for.
        let until: ContinuousClock.Instant
        let written: Written
    }

    private struct State {
        var waiting: [Pending] = []
        var isRunning = false
    }

    /// How much is written at once.
    private static let chunk = 128 << 10
    /// How many may wait where a disk hangs.
    private static let most = 4096

    private let work: BlockingWork
    private let state = Mutex(State())
    private let file: Mutex<RotatedLineFile>
    private let timeout: Duration

    init(_ file: consuming RotatedLineFile, label: String, timeout: Duration) {
        self.file = Mutex(file)
        self.timeout = timeout
        work = BlockingWork(label: "org.keybell.\(label)")
    }

    /// Has a line written.
    func append(_ line: [UInt8], written: @escaping Written) {
        let (isRoom, isFirst) = state.withLock { state in
            guard state.waiting.count < Self.most else { return (false, false) }
            state.waiting.append(Pending(line: line, until: .now + timeout, written: written))
            defer { state.isRunning = true }
            return (true, !state.isRunning)
        }
        guard isRoom else { return written(SystemCallError(call: "write", code: EBUSY)) }
        if isFirst { work.begin { self.writeAll() } }
    }

    private func writeAll() {
        while true {
            let batch = state.withLock { state in
                let batch = Self.takeFirst(of: &state.waiting)
                if batch.isEmpty { state.isRunning = false }
                return batch
            }
            guard !batch.isEmpty else { return }
            let failures = write(batch)
            for (pending, failure) in zip(batch, failures) { pending.written(failure) }
        }
    }

    /// Writes a batch; the result says for each line why it couldn't be written, if it couldn't.
    private func write(_ batch: [Pending]) -> [SystemCallError?] {
        // The first has waited longest. Where its time is over the file stays locked for the others, too, and they have
        // time left to be kept elsewhere.
        guard let until = batch.first?.until, let failure = failure(of: batch.flatMap(\.line), until)
        else { return batch.map { _ in nil } }
        // What is too much at once may fit one by one.
        guard batch.count > 1, failure.code != EWOULDBLOCK else { return batch.map { _ in failure } }
        return batch.map { self.failure(of: $0.line, $0.until) }
    }

    private func failure(of lines: [UInt8], _ until: ContinuousClock.Instant) -> SystemCallError? {
        do throws(SystemCallError) {
            try file.withLock { file throws(SystemCallError) in
                try file.append(lines, until: until)
            }
            return nil
        } catch {
            return error
        }
    }

    /// The first ones, as many as are written at once.
    private static func takeFirst(of waiting: inout [Pending]) -> [Pending] {
        var size = 0
        let batch = waiting.prefix { pending in
            defer { size += pending.line.count }
            return size == 0 || size + pending.line.count <= chunk
        }
        waiting.removeFirst(batch.count)
        return Array(batch)
    }
}
