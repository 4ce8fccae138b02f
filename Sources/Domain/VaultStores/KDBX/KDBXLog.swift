// SPDX-License-Identifier: Apache-2.0

import Logging
import Vault

/// What a KDBX vault writes to the log; never a login's title, user name or URL.
struct KDBXLog: Sendable {
    private let vault: String
    private let logger: Logger

    /// The log of the vault of a name.
    init(vault: String, logger: Logger) {
        self.vault = vault
        self.logger = logger
    }

    /// Entries without a UUID of their own were found.
    func servesReplacementIDs(_ count: Int) {
        logger.notice(
            "Entries without a UUID of their own are served under one that stands in; the next save writes it",
            metadata: ["vault": "\(vault)", "entries": "\(count)"]
        )
    }

    /// An unlock has failed.
    func isStillLocked(_ error: VaultError) {
        logger.warning("A vault was not unlocked", metadata: ["vault": "\(vault)", "reason": "\(error)"])
    }

    /// A save has failed; logged if the vault is at fault, and not what was to be saved.
    func isNotSaved(_ error: VaultError) {
        switch error {
        case .failed(let reason), .unavailable(let reason), .passwordUnavailable(let reason):
            logger.error("A login can't be saved", metadata: ["vault": "\(vault)", "reason": "\(reason)"])
        case .locked, .notUnlocked, .unconfirmed, .notFound, .unchanged, .refused:
            break
        }
    }

    /// What another program wrote can't be read.
    func isNotRead(_ error: VaultError) {
        logger.warning(
            "What another program did to the vault's file can't be read; it is served as it was before",
            metadata: ["vault": "\(vault)", "reason": "\(error)"]
        )
    }

    /// What was kept was opened, and can't be put into the file.
    func isNotMerged(_ error: VaultError) {
        logger.warning(
            "What Keybell had saved and kept elsewhere is served, but can't be put into the vault's file now",
            metadata: ["vault": "\(vault)", "reason": "\(error)"]
        )
    }

    /// What was saved may have been overwritten by another program, and could not be put back after a lock.
    ///
    /// - Parameters:
    ///   - error: Why.
    ///   - paths: Where it is kept; nothing if it couldn't be.
    func isNotPutBack(_ error: VaultError, keptIn paths: [String]) {
        logger.error(
            "What Keybell had saved may be missing in the vault's file: another program has written it, and that could not be put right",
            metadata: [
                "vault": "\(vault)", "reason": "\(error)", "kept": "\(Self.text(paths, else: "in memory"))",
            ]
        )
    }

    /// What was saved can't be put into the file now, and is kept elsewhere until it can.
    func isKept(in paths: [String]) {
        logger.warning(
            "What Keybell had saved can't be put into the vault's file now, and is kept in the state folder under the key that the file had",
            metadata: ["vault": "\(vault)", "kept": "\(Self.text(paths))"]
        )
    }

    /// What was saved can't be kept elsewhere either.
    func isNotKept(_ reason: String) {
        logger.error(
            "What Keybell had saved can't be put into the vault's file now, nor into the state folder",
            metadata: ["vault": "\(vault)", "reason": "\(reason)"]
        )
    }

    /// The daemon ends, and something that was saved is nowhere.
    func isLost(_ reason: String) {
        logger.critical(
            "Keybell ends before what it had saved could be kept anywhere: it is lost",
            metadata: ["vault": "\(vault)", "reason": "\(reason)"]
        )
    }

    /// What was kept is in the file again.
    func isMerged(_ paths: [String]) {
        logger.notice(
            "What Keybell had saved and kept elsewhere is in the vault's file again",
            metadata: ["vault": "\(vault)", "kept": "\(Self.text(paths))"]
        )
    }

    /// Why something that is kept isn't in the file.
    enum Left: String, Error {
        case unopened = "no password of this unlock opens it"
        case noKeyFile = "the key file that the vault had then can't be read"
        case otherDatabase = "it is of another database than the file is now"
        case unwritten = "the file couldn't be written"
        case untried = "opening it would have taken too long"
        case unreadable = "it can't be read, or its key can't be derived"
        case unknown = "what it is kept for isn't noted beside it any more"

        /// What to do about it.
        var advice: String {
            switch self {
            case .unopened:
                "`keybell unlock` asks for the password that the vault had then, and takes the key file of then where that is in its place; or merge it in KeePassXC by both, then remove it"
            case .noKeyFile:
                "put that back where it was (if the present one is there, name that otherwise in key_file), and the next unlock merges it; or merge it in KeePassXC by that key file, then remove it"
            case .otherDatabase, .unknown: "merge it in KeePassXC, then remove it"
            case .unwritten: "the next save that succeeds, or the next unlock, puts it there"
            case .untried: "the next unlock tries it again"
            case .unreadable: "the next unlock tries it again; or merge it in KeePassXC, then remove it"
            }
        }
    }

    /// Something that was kept isn't in the file yet.
    ///
    /// - Parameters:
    ///   - paths: Where it is kept.
    ///   - reason: Why.
    ///   - keyFiles: The key files that the vault had then.
    func isLeft(_ paths: [String], _ reason: Left, keyFiles: Set<String>) {
        var metadata: Logger.Metadata = ["vault": "\(vault)", "kept": "\(Self.text(paths))"]
        if [.unopened, .noKeyFile].contains(reason), !keyFiles.isEmpty {
            metadata["key_file"] = "\(Self.text(keyFiles.sorted()))"
        }
        logger.warning(
            "What Keybell had saved is still kept in the state folder: \(reason.rawValue); \(reason.advice)",
            metadata: metadata
        )
    }

    /// What is kept can't be looked for.
    func isNotLookedFor(_ reason: String) {
        logger.warning(
            "What Keybell had saved and kept elsewhere isn't looked for yet",
            metadata: ["vault": "\(vault)", "reason": "\(reason)"]
        )
    }

    private static func text(_ paths: [String], else nothing: String = "") -> String {
        paths.isEmpty ? nothing : paths.joined(separator: ", ")
    }
}
