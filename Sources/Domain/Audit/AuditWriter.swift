// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Glibc
import Linux
import Synchronization

/// Writes records on a thread of its own, in the order in which they come: all that have come meanwhile at once, to files
/// that stay open.
final class AuditWriter: Sendable {
    /// Told of a record that has been written, or why it couldn't be; on the writer's thread.
    typealias Written = @Sendable (SystemCallError?) -> Void

    private struct Pending {
        let part: AuditFile.Part
        let line: [UInt8]
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

    private let work = BlockingWork(label: "org.keybell.audit")
    private let state = Mutex(State())
    private let main: Mutex<LineFile>
    private let minor: Mutex<LineFile>

    init(_ file: AuditFile) {
        main = Mutex(file.lines(of: .main))
        minor = Mutex(file.lines(of: .minor))
    }

    /// Has a record written.
    func append(_ record: AuditRecord, written: @escaping Written) {
        let pending = Pending(part: AuditFile.Part(of: record), line: record.line, written: written)
        let (isRoom, isFirst) = state.withLock { state in
            guard state.waiting.count < Self.most else { return (false, false) }
            state.waiting.append(pending)
            defer { state.isRunning = true }
            return (true, !state.isRunning)
        }
        guard isRoom else {
            return work.begin { written(SystemCallError(call: "write", code: EBUSY)) }
        }
        if isFirst { work.begin { self.writeAll() } }
    }

    private func writeAll() {
        while true {
            let batch = state.withLock { state in
                let batch = Self.takeFirst(of: &state.waiting)
                if batch.isEmpty { state.isRunning = false }
                return batch
            }
            guard let part = batch.first?.part else { return }
            do throws(SystemCallError) {
                try append(batch.flatMap(\.line), to: part)
                for pending in batch { pending.written(nil) }
            } catch {
                // What is too much together may fit one by one.
                for pending in batch { pending.written(batch.count == 1 ? error : failure(of: pending)) }
            }
        }
    }

    private func failure(of pending: Pending) -> SystemCallError? {
        do throws(SystemCallError) {
            try append(pending.line, to: pending.part)
            return nil
        } catch {
            return error
        }
    }

    private func append(_ lines: [UInt8], to part: AuditFile.Part) throws(SystemCallError) {
        switch part {
        case .main: try main.withLock { file throws(SystemCallError) in try file.append(lines) }
        case .minor: try minor.withLock { file throws(SystemCallError) in try file.append(lines) }
        }
    }

    /// The first ones that go to the same file, as many as are written at once.
    private static func takeFirst(of waiting: inout [Pending]) -> [Pending] {
        var size = 0
        let batch = waiting.prefix { pending in
            defer { size += pending.line.count }
            return pending.part == waiting.first?.part
                && (size == 0 || size + pending.line.count <= chunk)
        }
        waiting.removeFirst(batch.count)
        return Array(batch)
    }
}
