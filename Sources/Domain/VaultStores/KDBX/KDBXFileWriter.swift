// SPDX-License-Identifier: Apache-2.0

import Glibc
import Linux
import Logging
import Vault

/// Writes the file of a vault as a whole, in another one's place or, where that can't be, over its content: it blocks, so it
/// is never called on an actor.
struct KDBXFileWriter: Sendable {
    /// What the file becomes.
    struct Content<Made: Sendable>: Sendable {
        /// All of it.
        let bytes: [UInt8]
        /// What else came of making it.
        let made: Made
        /// Whether what was read back of it is what was meant.
        let isGood: @Sendable ([UInt8]) -> Bool

        init(bytes: [UInt8], made: Made, isGood: @escaping @Sendable ([UInt8]) -> Bool) {
            (self.bytes, self.made, self.isGood) = (bytes, made, isGood)
        }
    }

    /// What was written, and whether a crash of the system can't bring back the file of before.
    struct Written<Made: Sendable>: Sendable {
        let content: Content<Made>
        let isCertain: Bool
    }

    private let vault: String
    private let path: String
    /// Where the former content goes if the file has to be written in place.
    private let backup: String
    private let logger: Logger
    /// Told of each step of a save, for tests.
    private let reached: @Sendable (FileReplacement.Step) throws(SystemCallError) -> Void

    /// What writes a file.
    ///
    /// - Parameters:
    ///   - vault: What the vault is called, for texts that people read.
    ///   - path: The file, or a link to it.
    ///   - backup: Where the former content goes if the file has to be written in place.
    ///   - logger: Where trouble goes.
    ///   - reached: Told of each step of a save, for tests.
    init(
        vault: String,
        path: String,
        backup: String,
        logger: Logger,
        reached: @escaping @Sendable (FileReplacement.Step) throws(SystemCallError) -> Void
    ) {
        (self.vault, self.path, self.backup, self.logger) = (vault, path, backup, logger)
        self.reached = reached
    }

    /// Writes what becomes of the file's content, once more where another program writes it meanwhile.
    ///
    /// - Parameters:
    ///   - keepsBackup: Whether the backup of before stays as it is.
    ///   - change: Makes the new content of the present one.
    /// - Returns: What was written.
    /// - Throws: What `change` throws, and why the file can't be written; it is as it was then.
    func replace<Made: Sendable>(
        keepsBackup: Bool,
        _ change: ([UInt8]) throws(VaultError) -> Content<Made>
    ) throws(VaultError) -> Written<Made> {
        for _ in 1...4 {
            let outcome: Result<Written<Made>, VaultError>
            do throws(SystemCallError) {
                let replacement = try FileReplacement(of: path)
                if !replacement.isLocked { tellUnlocked() }
                outcome = try write(in: replacement, keepsBackup, change)
            } catch  where error.code == ESTALE {
                // Another program wrote while we encrypted: once more, with what it wrote.
                continue
            } catch {
                throw .unavailable(
                    "The file of the vault \(vault) can't be written (\(error.words)), and nothing was saved: `keybell doctor` says what to do."
                )
            }
            return try outcome.get()
        }
        throw .unavailable(
            "The file of the vault \(vault) never rests, for other programs keep writing it, and nothing was saved. Try again later."
        )
    }

    /// Removes what a save that was killed may have left beside the file.
    func clearLitter() {
        // Without a file there is nothing to clear, and while another program saves it isn't ours to clear.
        guard let replacement = try? FileReplacement(of: path), replacement.isLocked else { return }
        replacement.clearLitter()
    }

    private func write<Made: Sendable>(
        in replacement: borrowing FileReplacement,
        _ keepsBackup: Bool,
        _ change: ([UInt8]) throws(VaultError) -> Content<Made>
    ) throws(SystemCallError) -> Result<Written<Made>, VaultError> {
        let old = try FileBytes.read(replacement.path, limit: KDBXReader.sizeLimit)
        let content: Content<Made>
        do throws(VaultError) { content = try change(old) } catch { return .failure(error) }
        let file = replacement.path
        // A file that has gone is as different as can be.
        let isStillOld = { (try? FileBytes.read(file, limit: KDBXReader.sizeLimit)) == old }
        do throws(SystemCallError) {
            let outcome = try replacement.replace(
                with: content.bytes,
                keepsBackup: keepsBackup,
                isGood: content.isGood,
                isStillOld: isStillOld,
                reached: reached
            )
            tellLost(outcome.lost)
            if let trouble = outcome.trouble { tellTrouble(trouble) }
            return .success(Written(content: content, isCertain: outcome.trouble == nil))
        } catch  where replacement.isImpossible(error) {
            let backup = keepsBackup && FileStamp(backup) != nil ? KDBXBackup.second(backup) : backup
            try SafeFile.makeFolder(SafeFile.parent(of: backup))
            do throws(SystemCallError) {
                try replacement.overwrite(
                    with: content.bytes,
                    backup: backup,
                    isGood: content.isGood,
                    isStillOld: isStillOld,
                    reached: { (step) throws(SystemCallError) in try reachedInPlace(step, backup) }
                )
            } catch  where FileReplacement.isBroken(error) {
                return .failure(.failed(isBroken(by: error, backup)))
            } catch {
                throw error
            }
            return .success(Written(content: content, isCertain: true))
        } catch {
            throw error
        }
    }

    /// Logs where the former content is before its first byte is overwritten: whoever finds the file broken, after a
    /// crash or a full disk, finds that in the log.
    private func reachedInPlace(_ step: FileReplacement.Step, _ backup: String) throws(SystemCallError) {
        if step == .backedUp {
            logger.notice(
                "The file of the vault can't be replaced, and is written in place; its former content is kept",
                metadata: ["vault": "\(vault)", "backup": "\(backup)"]
            )
        }
        try reached(step)
    }

    private func tellUnlocked() {
        logger.notice(
            "Another program keeps the folder of the vault's file locked; the file is saved without that lock",
            metadata: ["vault": "\(vault)", "see": "fuser \(SafeFile.parent(of: path))"]
        )
    }

    private func tellTrouble(_ error: SystemCallError) {
        logger.warning(
            "The vault's file is saved, but the disk may not have it yet: a crash may bring the one before back",
            metadata: ["vault": "\(vault)", "reason": "\(error.words)"]
        )
    }

    private func isBroken(by error: SystemCallError, _ backup: String) -> String {
        "The file of the vault \(vault) could neither be written nor put back as it was (\(error.words)), and may be broken: its former content is in \(backup); copy that to \(path)"
    }

    private func tellLost(_ lost: [String]) {
        guard !lost.isEmpty else { return }
        logger.warning(
            "The file of the vault could not be saved with all that belongs to it",
            metadata: ["vault": "\(vault)", "lost": "\(lost.joined(separator: ", "))"]
        )
    }
}
