// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Linux
import Logging
import SecretService
import Synchronization

/// What is forgotten, as a file of the state folder has it: names alone, no secret.
protocol ForgottenRecord: Codable, Sendable {
    /// The file's name.
    static var fileName: String { get }
    /// Another one is none that this version can read.
    static var currentFormat: Int { get }
    /// What it says, in a few words.
    static var subject: String { get }
    /// What doesn't count while it can't be read.
    static var withoutReading: String { get }
    /// What counts again if the person moves the file away.
    static var withoutFile: String { get }

    /// The format that the file has.
    var format: Int { get }

    /// Nothing is forgotten.
    init()
}

extension ForgottenRecord {
    static var subject: String { "what is forgotten" }
}

/// Keeps what is forgotten and couldn't be deleted in the state folder, so that it doesn't count for the next daemon either.
final class ForgottenFile<Record: ForgottenRecord>: Sendable {
    /// Whether it is known what the daemon before kept.
    private enum Reading {
        case due
        /// It couldn't be read, which the log says.
        case failed
        case done
    }

    private let file: StateFile<Record>
    private let writing: RetriedWriting<Record>
    private let reading = Mutex(Reading.due)
    private let logger: Logger

    /// Where it is.
    var path: String { file.path }

    /// How long a disk may take.
    private static var timeout: Duration { .seconds(5) }

    /// Why it can't be known what is forgotten, so that nothing that the keyring has counts; nil if it can.
    ///
    /// It reads the disk.
    static func trouble(in folder: String) -> String? {
        do throws(StateFileError) {
            _ = try record(in: StateFile<Record>(Record.fileName, in: folder))
            return nil
        } catch {
            return reason(for: error, "\(folder)/\(Record.fileName)")
        }
    }

    /// Nothing is read or written yet.
    ///
    /// - Parameters:
    ///   - folder: The state folder.
    ///   - pause: How long until what couldn't be written is tried again, for the first time.
    ///   - logger: Where trouble goes.
    init(folder: String, pause: Duration, logger: Logger) {
        let file = StateFile<Record>(Record.fileName, in: folder)
        (self.file, self.logger) = (file, logger)
        writing = RetriedWriting(
            pause: pause,
            // Whether the disk has it for certain matters after a crash of the system alone.
            write: { _ = try file.write($0) },
            failed: { error in
                logger.error(
                    "\(Record.subject) can't be kept: until that works, the next start goes by what was kept before",
                    metadata: ["why": "\(file.path): \(error)"]
                )
            },
            recovered: { logger.notice("\(Record.subject) can be kept again") }
        )
    }

    /// What the daemon before kept, for the first caller that can read it; nil for the others.
    ///
    /// - Throws: Why it can't be known, so that nothing that the keyring has may count; the first time the log says so, too.
    func takeUp() async throws(KeyringError) -> Record? {
        guard reading.withLock({ $0 != .done }) else { return nil }
        let record: Record
        do throws(KeyringError) {
            record = try await read()
        } catch {
            let isFirst = reading.withLock { reading in
                guard reading == .due else { return false }
                reading = .failed
                return true
            }
            if isFirst {
                logger.error("\(Record.subject) isn't known", metadata: ["why": "\(error.advice)"])
            }
            throw error
        }
        return reading.withLock { reading in
            // Whoever has read it at the same time takes it up.
            guard reading != .done else { return nil }
            reading = .done
            return record
        }
    }

    /// What it says now.
    ///
    /// - Throws: Why it can't be known.
    func read() async throws(KeyringError) -> Record {
        do {
            return try await withDeadline(Self.timeout) { [file] in
                try await BlockingWork.state { () throws(StateFileError) in try Self.record(in: file) }
            }
        } catch {
            throw .forgottenUnknown("\(Record.withoutReading): \(Self.reason(for: error, path))")
        }
    }

    private static func record(in file: StateFile<Record>) throws(StateFileError) -> Record {
        guard let record = try file.read() else { return Record() }
        guard record.format == Record.currentFormat else { throw .senseless }
        return record
    }

    /// Keeps what is forgotten now, a moment later, and where that fails once it works; nothing before it is known what was,
    /// since that is written over.
    func keep(_ forgotten: Record) {
        if reading.withLock({ $0 == .done }) { writing.write(forgotten) }
    }

    /// Whether the file has what was last to be kept; what couldn't be written is tried at once.
    func isKept() async -> Bool {
        guard reading.withLock({ $0 == .done }) else { return false }
        // A disk that takes too long is the only error there is.
        return (try? await withDeadline(Self.timeout) { [writing] in await writing.flush() }) ?? false
    }

    private static func reason(for error: any Error, _ path: String) -> String {
        switch error as? StateFileError {
        case .senseless?:
            "\(path) is damaged, or of a newer Keybell; if you move it away, \(Record.withoutFile)"
        case .unreadable(let error)?: "\(path) can't be read (\(error.words))"
        case nil: "\(path) can't be read in time: does the disk hang?"
        }
    }
}
