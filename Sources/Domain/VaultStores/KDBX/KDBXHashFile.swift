// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import KDBX
import Linux
import Logging
import Vault

/// The file in the state folder with a vault's Hash, by which clients know it: read once, and written when the vault is a
/// different one.
actor KDBXHashFile: MainLoopActor {
    private let vault: String
    private let file: StateFile<KDBXIdentity>
    private let logger: Logger
    private var known: KDBXIdentity?? { didSet { knownHash = known??.hash } }
    /// Its Hash, which goes into every reply.
    private var knownHash: String?
    /// How long the disk may take.
    private static let timeout = Duration.seconds(5)

    /// The file for a vault; nothing is read yet.
    ///
    /// - Parameters:
    ///   - vault: The vault's name, for the log.
    ///   - file: Where it is kept.
    ///   - logger: Where trouble goes.
    init(vault: String, file: StateFile<KDBXIdentity>, logger: Logger) {
        self.vault = vault
        self.file = file
        self.logger = logger
    }

    /// The vault's Hash; nil before it was first opened.
    var hash: String? {
        get async {
            if known != nil { return knownHash }
            return await identity()?.hash
        }
    }

    /// Remembers the Hash when the vault is first seen; a recycle bin made later doesn't change it.
    func pin(_ database: Database) async {
        guard let found = KDBXIdentity(database) else { return }
        // However long that takes: a pinned identity must not be taken for a missing one.
        let pinned = await read()
        guard pinned?.root != found.root else { return }
        if let pinned {
            logger.warning(
                "The vault is another database now: clients that go by its Hash will want to associate again",
                metadata: ["vault": "\(vault)", "was": "\(pinned.hash)", "is": "\(found.hash)"]
            )
        }
        known = .some(found)
        do throws(VaultError) {
            // On a busy disk it takes a while until that is safe.
            try await BlockingWork.state { [file] () throws(VaultError) in try file.keep(found) }
        } catch {
            logger.error("The vault's Hash can't be kept", metadata: ["reason": "\(error)"])
        }
    }

    /// What is kept; nil also if the disk takes too long.
    private func identity() async -> KDBXIdentity? {
        if let known { return known }
        do {
            return try await withDeadline(Self.timeout) { await self.read() }
        } catch {
            return nil
        }
    }

    /// Reads what is kept, off the serving thread.
    private func read() async -> KDBXIdentity? {
        if let known { return known }
        let found = await BlockingWork.state { [file] in file.readIfUsable() }
        if let known { return known }
        known = .some(found)
        return found
    }
}
