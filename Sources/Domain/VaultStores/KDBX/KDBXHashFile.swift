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
    private let reading: StateReading<KDBXIdentity>
    private let writing: RetriedWriting<KDBXIdentity>
    private let logger: Logger
    private var known: KDBXIdentity?? { didSet { knownHash = known??.hash } }
    /// Its Hash, which goes into every reply.
    private var knownHash: String?
    /// What an opened vault has, where that couldn't be compared yet with what is kept.
    private var seen: KDBXIdentity?

    /// The file for a vault; nothing is read yet.
    ///
    /// - Parameters:
    ///   - vault: The vault's name, for the log.
    ///   - file: Where it is kept.
    ///   - logger: Where trouble goes.
    init(vault: String, file: StateFile<KDBXIdentity>, logger: Logger) {
        self.vault = vault
        self.logger = logger
        reading = StateReading(file, what: "The vault's Hash", logger: logger)
        writing = RetriedWriting(
            pause: .seconds(1),
            write: { try file.keep($0) },
            failed: { logger.error("The vault's Hash can't be kept", metadata: ["reason": "\($0)"]) }
        )
    }

    /// The vault's Hash; nil before it was first opened, and while what is kept of it can't be read.
    var hash: String? {
        get async {
            if known == nil { await settle() }
            return knownHash
        }
    }

    /// Remembers the Hash when the vault is first seen; a recycle bin made later doesn't change it.
    func pin(_ database: Database) async {
        guard let found = KDBXIdentity(database) else { return }
        seen = found
        await settle()
    }

    /// Compares what was seen with what is kept; where that can't be read, the next call tries again.
    private func settle() async {
        if known == nil {
            do {
                let kept = try await reading.content()
                if known == nil { known = .some(kept) }
            } catch {
                return  // said by who reads it
            }
        }
        guard let found = seen.take(), let kept = known, kept?.root != found.root else { return }
        if let kept {
            logger.warning(
                "The vault is another database now: clients that go by its Hash will want to associate again",
                metadata: ["vault": "\(vault)", "was": "\(kept.hash)", "is": "\(found.hash)"]
            )
        }
        known = .some(found)
        // A slow disk holds up no unlock.
        writing.write(found)
    }
}
