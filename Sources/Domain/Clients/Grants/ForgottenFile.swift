// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Linux
import Logging
import SecretService

/// Keeps what is forgotten and couldn't be deleted in the state folder, so that it doesn't count for the next daemon either.
struct ForgottenFile: Sendable {
    /// Whether it is known what the daemon before kept.
    enum Reading {
        case due
        /// It couldn't be read, which the log says.
        case failed
        case done
    }

    private let file: StateFile<ForgottenRecord>
    private let writing: RetriedWriting<ForgottenRecord>

    /// Where it is.
    var path: String { file.path }

    /// How long a disk may take.
    private static let timeout = Duration.seconds(5)

    /// Why it can't be known what is forgotten, so that nothing that the keyring has counts; nil if it can.
    ///
    /// It reads the disk.
    static func trouble(in folder: String) -> String? {
        do throws(StateFileError) {
            _ = try record(in: StateFile<ForgottenRecord>(name, in: folder))
            return nil
        } catch {
            return reason(for: error, "\(folder)/\(name)")
        }
    }

    private static let name = "forgotten.json"

    /// Nothing is read or written yet.
    ///
    /// - Parameters:
    ///   - folder: The state folder.
    ///   - pause: How long until what couldn't be written is tried again, for the first time.
    ///   - logger: Where trouble with writing goes.
    init(folder: String, pause: Duration, logger: Logger) {
        let file = StateFile<ForgottenRecord>(Self.name, in: folder)
        self.file = file
        writing = RetriedWriting(
            pause: pause,
            // Whether the disk has it for certain matters after a crash of the system alone.
            write: { _ = try file.write($0) },
            failed: { error in
                logger.error(
                    "what is forgotten can't be kept: until that works, the next start goes by what was kept before",
                    metadata: ["why": "\(file.path): \(error)"]
                )
            },
            recovered: { logger.notice("what is forgotten is kept again") }
        )
    }

    /// What the daemon before kept.
    ///
    /// - Throws: Why it can't be known, so that nothing that the keyring has may count.
    func read() async throws(KeyringError) -> ForgottenRecord {
        do {
            return try await withDeadline(Self.timeout) { [file] in
                try await BlockingWork.state { () throws(StateFileError) in try Self.record(in: file) }
            }
        } catch {
            throw .forgottenUnknown(Self.reason(for: error, path))
        }
    }

    private static func record(in file: StateFile<ForgottenRecord>) throws(StateFileError) -> ForgottenRecord
    {
        guard let record = try file.read() else { return ForgottenRecord() }
        guard record.format == ForgottenRecord.format else { throw .senseless }
        return record
    }

    /// Keeps what is forgotten now, a moment later, and where that fails once it works.
    ///
    /// To be called only once it has been read, since that is written over.
    func keep(_ forgotten: ForgottenGrants) {
        writing.write(ForgottenRecord(forgotten))
    }

    /// Whether the file has what was last to be kept; what couldn't be written is tried at once.
    func isKept() async -> Bool {
        // A disk that takes too long is the only error there is.
        (try? await withDeadline(Self.timeout) { [writing] in await writing.flush() }) ?? false
    }

    /// Whether the file says that all of a key's grants are forgotten, which is no longer to be kept; also where that can't be
    /// found out.
    func stillHasAll(of fingerprint: String) async -> Bool {
        guard await !isKept() else { return false }
        do throws(KeyringError) {
            return try await read().keys[fingerprint]?.isAll ?? false
        } catch {
            return true
        }
    }

    private static func reason(for error: any Error, _ path: String) -> String {
        switch error as? StateFileError {
        case .senseless?:
            "\(path) is damaged, or of a newer Keybell; if you move it away, all that `keybell grants` lists then counts"
        case .unreadable(let error)?: "\(path) can't be read (\(error.words))"
        case nil: "\(path) can't be read in time: does the disk hang?"
        }
    }
}

extension GrantRegistry {
    /// Why no grant in the keyring counts: what is forgotten can't be read in the state folder; nil where it can be.
    ///
    /// It reads the disk.
    package static func trouble(in folder: String) -> String? {
        ForgottenFile.trouble(in: folder)
    }
}
