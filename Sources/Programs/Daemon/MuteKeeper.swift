// SPDX-License-Identifier: Apache-2.0

import Approval
import ConcurrencyTools
import Linux
import Logging
import Synchronization

/// Keeps mutes in the state folder, so that they last as long as the person has said, whenever the daemon is started anew.
final class MuteKeeper: Sendable {
    private struct State {
        /// What isn't written yet.
        var waiting: [KeptMute]?
        /// How often it has failed in a row.
        var failures = 0
        /// How many have no room in the file.
        var leftOut = 0
        var alarm: Alarm?
    }

    private let file: StateFile<MuteRecord>
    private let rest: Duration
    private let logger: Logger
    private let state = Mutex(State())

    private static let mostRetries = 8
    /// How long a disk may take.
    private static let timeout = Duration.seconds(5)

    /// Nothing is read or written yet.
    ///
    /// - Parameters:
    ///   - file: Where they are kept.
    ///   - rest: How long it takes until what couldn't be written is tried again; each time twice as long as before,
    ///     eight times at the most.
    ///   - logger: Where trouble goes.
    init(file: StateFile<MuteRecord>, rest: Duration = .seconds(60), logger: Logger) {
        (self.file, self.rest, self.logger) = (file, rest, logger)
    }

    /// The mutes of the daemon before; none where they can't be read, which the log says.
    func kept() async -> [KeptMute] {
        do {
            return try await withDeadline(Self.timeout) { [file] in
                try await BlockingWork.state { () throws(StateFileError) in try file.read()?.mutes ?? [] }
            }
        } catch {
            logger.warning(
                "what was muted before isn't muted any more: mutes.json in the state folder can't be used",
                metadata: ["why": "\(Self.reason(error))"]
            )
            return []
        }
    }

    /// Keeps them in place of those before, a moment later; if that fails, when it works.
    func keep(_ mutes: [KeptMute]) {
        state.withLock { $0.waiting = mutes }
        beginWriting()
    }

    private func beginWriting() {
        BlockingWork.state.begin { self.write() }
    }

    private func write() {
        guard let mutes = state.withLock({ $0.waiting }) else { return }
        let record = MuteRecord(mutes, within: file.longest)
        do throws(SystemCallError) {
            // Whether the disk has it for certain matters after a crash of the system alone.
            _ = try file.write(record)
        } catch {
            return fail("\(error)")
        }
        let hadFailed = state.withLock { state in
            if state.waiting == mutes { state.waiting = nil }
            defer { (state.failures, state.alarm) = (0, nil) }
            return state.failures > 0
        }
        tell(leftOut: mutes.count - record.mutes.count)
        if hadFailed { logger.notice("mutes are kept again") }
    }

    private func tell(leftOut count: Int) {
        let isMore = state.withLock { state in
            defer { state.leftOut = count }
            return count > state.leftOut
        }
        guard isMore else { return }
        logger.warning(
            "there is no room in mutes.json for all that is muted: the longest of them end with this daemon",
            metadata: ["left out": "\(count)"]
        )
    }

    /// Says so once, and tries it again later, until it has failed often enough: then the next change does.
    private func fail(_ reason: String) {
        let isFirst = state.withLock { state in
            defer { state.failures += 1 }
            state.alarm =
                state.failures < Self.mostRetries
                ? Alarm(after: rest * (1 << state.failures)) { [weak self] in self?.beginWriting() } : nil
            return state.failures == 0
        }
        guard isFirst else { return }
        logger.warning(
            "what is muted can't be kept: until that works, the next start goes by what was kept before",
            metadata: ["why": "\(reason)"]
        )
    }

    private static func reason(_ error: any Error) -> String {
        switch error as? StateFileError {
        case .unreadable(let error)?: "\(error)"
        case .senseless?: "it is no file of this Keybell's"
        case nil: "the disk takes too long"
        }
    }
}
