// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Linux
import Logging
import SecretService
import Synchronization

/// Keeps what is forgotten and couldn't be deleted in the state folder, so that it doesn't count for the next daemon either.
final class ForgottenFile: Sendable {
    private struct State {
        /// What was kept before is written over only once it is known.
        var isRead = false
        /// What isn't written yet.
        var waiting: ForgottenRecord?
        var complaint: String?
    }

    private let file: StateFile<ForgottenRecord>?
    private let logger: Logger
    private let state = Mutex(State())

    /// How long a disk may take.
    private static let timeout = Duration.seconds(5)

    /// Nothing is read or written yet; without a folder nothing ever is.
    init(folder: String?, logger: Logger) {
        file = folder.map { StateFile("forgotten.json", in: $0) }
        self.logger = logger
    }

    /// What the daemon before kept; nil where that is known already.
    ///
    /// - Throws: Why it can't be known, so that nothing that the keyring has may count; the log says so, too. The next call
    ///   tries again.
    func read() async throws(KeyringError) -> ForgottenRecord? {
        guard let file, state.withLock({ !$0.isRead }) else { return nil }
        let record: ForgottenRecord
        do {
            record = try await withDeadline(Self.timeout) {
                try await BlockingWork.state { () throws(StateFileError) in
                    guard let record = try file.read() else { return ForgottenRecord() }
                    guard record.format == ForgottenRecord.format else { throw .senseless }
                    return record
                }
            }
        } catch {
            let reason = reason(for: error)
            complain("no stored decision counts, for what was forgotten before isn't known", reason)
            throw .forgottenUnknown(reason)
        }
        // Whoever has read it at the same time has it.
        let isFirst = state.withLock { state in
            defer { state.isRead = true }
            return !state.isRead
        }
        return isFirst ? record : nil
    }

    /// Keeps what is forgotten now, a moment later, and where that fails with the next change.
    func keep(_ forgotten: ForgottenGrants) {
        guard file != nil else { return }
        state.withLock { $0.waiting = ForgottenRecord(forgotten) }
        BlockingWork.state.begin { self.write() }
    }

    /// Whether what is forgotten by now is in the file.
    func isKept() async -> Bool {
        guard file != nil else { return false }
        // A deadline is the only error there is.
        try? await withDeadline(Self.timeout) { await BlockingWork.state { self.write() } }
        return state.withLock { $0.isRead && $0.waiting == nil }
    }

    private func reason(for error: any Error) -> String {
        let path = file?.path ?? ""
        return switch error as? StateFileError {
        case .senseless?:
            "\(path) is damaged, or of a newer Keybell; if you move it away, all that `keybell grants` lists then counts"
        case .unreadable(let error)?: "\(path) can't be read (\(error.words))"
        case nil: "\(path) can't be read in time: does the disk hang?"
        }
    }

    private func write() {
        guard let file, let record = state.withLock({ $0.isRead ? $0.waiting : nil }) else { return }
        do throws(SystemCallError) {
            // Whether the disk has it for certain matters after a crash of the system alone.
            _ = try file.write(record)
        } catch {
            return complain("what is forgotten and can't be deleted counts again after a restart", "\(error)")
        }
        state.withLock { state in
            if state.waiting == record { state.waiting = nil }
            state.complaint = nil
        }
    }

    /// Says so once.
    private func complain(_ complaint: String, _ reason: String) {
        let isNew = state.withLock { state in
            defer { state.complaint = complaint }
            return state.complaint != complaint
        }
        if isNew { logger.error("\(complaint)", metadata: ["why": "\(reason)"]) }
    }
}
