// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Glibc
import Linux
import Logging

/// Reads a file of the state folder off the serving thread, once at a time however many wait for it.
///
/// A file that can't be read isn't taken for one that isn't there: whoever did that would write over what is kept.
actor StateReading<Content: Codable & Sendable>: MainLoopActor {
    private let file: StateFile<Content>
    private let what: String
    private let logger: Logger
    private var reading: Task<Result<Content?, StateFileError>, Never>?

    /// How long the disk may take for those who wait; what it gives later is there for the next.
    private static var timeout: Duration { .seconds(5) }

    /// - Parameters:
    ///   - file: What to read.
    ///   - what: What is in it, for the log.
    ///   - logger: Where trouble goes.
    init(_ file: StateFile<Content>, what: String, logger: Logger) {
        (self.file, self.what, self.logger) = (file, what, logger)
    }

    /// What is kept.
    ///
    /// - Returns: Nil where there is no file, or one that makes no sense, so that what was in it is lost.
    /// - Throws: `DeadlineExceeded`, `CancellationError`, or why there is no reading it.
    func content() async throws -> Content? {
        let task = reading ?? begin()
        do {
            return try await withDeadline(Self.timeout) { try await task.value.get() }
        } catch StateFileError.senseless {
            logger.error("\(what) is damaged, and made anew", metadata: ["file": "\(file.path)"])
            return nil
        } catch {
            logger.error("\(what) can't be read", metadata: ["file": "\(file.path)", "reason": "\(error)"])
            throw error
        }
    }

    private func begin() -> Task<Result<Content?, StateFileError>, Never> {
        let task = Task(executorPreference: MainLoop.executor) { await self.read() }
        reading = task
        return task
    }

    private func read() async -> Result<Content?, StateFileError> {
        defer { reading = nil }
        do throws(StateFileError) {
            return .success(
                try await BlockingWork.state { [file] () throws(StateFileError) in try file.read() }
            )
        } catch .unreadable(let error) where error.code == ENOTDIR {
            return .success(nil)  // where there is no folder there is no file
        } catch {
            return .failure(error)
        }
    }
}
