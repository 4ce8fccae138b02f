// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Glibc
import KDBX
import Linux
import Logging
import SecureMemory
import Vault

/// Writes a KDBX file to the disk, on top of whatever other programs put there meanwhile: it blocks and takes long, so
/// it is never called on an actor.
struct KDBXFile: Sendable {
    typealias Opened = KDBXReader.Opened

    /// What reads it.
    var reader: KDBXReader
    /// Where the former content goes if the file has to be written in place.
    private let backup: String
    /// What keeps a duplicate of what is saved.
    private let keptSaves: KDBXKeptSaves
    private let logger: Logger
    /// Told of each step of a save, for tests.
    private let reached: @Sendable (FileReplacement.Step) throws(SystemCallError) -> Void

    private var name: String { reader.name }
    private var limits: KDBXLimits { reader.limits }

    /// The file that a reader reads.
    ///
    /// - Parameters:
    ///   - reader: What reads it.
    ///   - backup: Where the former content goes if the file has to be written in place.
    ///   - keptSaves: What keeps a duplicate of what is saved.
    ///   - logger: Where trouble goes.
    ///   - reached: Told of each step of a save, for tests.
    init(
        reader: KDBXReader,
        backup: String,
        keptSaves: KDBXKeptSaves,
        logger: Logger,
        reached: @escaping @Sendable (FileReplacement.Step) throws(SystemCallError) -> Void
    ) {
        self.reader = reader
        self.backup = backup
        self.keptSaves = keptSaves
        self.logger = logger
        self.reached = reached
    }

    /// Reads the file again with the known key; nil if it is still the one that was read.
    ///
    /// What was saved since the vault was opened, and another program has overwritten, is put back into it, as an entry
    /// or in an entry's history; not where the file is another database now.
    ///
    /// - Parameters:
    ///   - former: What was read or written last.
    ///   - now: The time, in seconds since 1970.
    ///   - deriver: Who derives the key for reading.
    ///   - writer: Who derives it where something is put back.
    /// - Returns: What is in it now; nil if that hasn't changed.
    /// - Throws: What reading it, or putting something back, throws.
    func reread(
        _ former: Opened,
        at now: Int64,
        by deriver: any KeyDeriver,
        writingBy writer: any KeyDeriver
    ) throws(VaultError) -> Opened? {
        guard let other = try overwritten(former, by: deriver) else { return nil }
        guard let database = other.database else { return other.found }
        do throws(VaultError) {
            return try putBack(other.found.with(database), at: now, writer)
        } catch {
            logger.error(
                "What another program has overwritten is served, but can't be written",
                metadata: ["vault": "\(name)", "reason": "\(error)"]
            )
            return other.found.pending(KDBXSnapshot(database), saved: other.found.saved)
        }
    }

    /// Puts back into the file what another program has overwritten, if there is anything, for a vault that is locked.
    ///
    /// - Returns: What is in the file now.
    /// - Throws: Why it isn't in the file then: what keeps it from being read or written, or that it is another database.
    func putBack(
        _ former: Opened,
        at now: Int64,
        by deriver: any KeyDeriver,
        writingBy writer: any KeyDeriver
    ) throws(VaultError) -> Opened {
        guard let other = try overwritten(former, by: deriver) else { return former }
        var state = other.found
        if state.snapshot.isOf(former.snapshot, but: former.saved), let database = other.database {
            // It may become another one until it is written.
            state = try putBack(state.with(database), at: now, writer)
        }
        guard state.snapshot.isOf(former.snapshot, but: former.saved) else {
            throw .failed("The file of the vault \(name) is another database now.")
        }
        return state
    }

    /// What is in the file now, and what it becomes with what Keybell had saved, if that isn't in it; nil if the file
    /// is still the one that was read or written last.
    private func overwritten(
        _ former: Opened,
        by deriver: any KeyDeriver
    ) throws(VaultError) -> (found: Opened, database: Database?)? {
        let bytes = try reader.read()
        guard former.isUnwritten || Digest.sha256(bytes) != former.digest else { return nil }
        let found = try reader.opened(bytes, like: former, by: deriver)
        guard let database = completed(found, former) else { return (found, nil) }
        logger.notice(
            "Another program has overwritten what Keybell had saved; it is put back",
            metadata: ["vault": "\(name)"]
        )
        return (found, database)
    }

    /// Puts what is saved into the file, on top of whatever other programs put there meanwhile.
    ///
    /// - Returns: The file as it is then, and the logins.
    /// - Throws: What the drafts or the file doesn't allow; the file is as it was then. `notFound` for a change where the
    ///   file is another database now: what was allowed was about an entry of the one before.
    func save(
        _ save: LoginSave,
        over former: Opened,
        at now: Int64,
        by deriver: any KeyDeriver
    ) throws(VaultError) -> (Opened, [LoginID]) {
        try rewrite(former, at: now, deriver) { snapshot throws(VaultError) in
            guard !save.isChange || snapshot.isOf(former.snapshot, but: former.saved) else {
                throw .notFound
            }
            return try save.applied(to: snapshot, at: Timestamp(unix: now))
        }
    }

    /// Writes what the file becomes with what was put back; the backup of before the last save stays, for nobody has asked for
    /// this, and another program may have put there what has no place there.
    private func putBack(
        _ state: Opened,
        at now: Int64,
        _ writer: any KeyDeriver
    ) throws(VaultError) -> Opened {
        try rewrite(state, at: now, writer, keepsBackup: true) { snapshot throws(VaultError) in
            (snapshot.database, [])
        }
        .0
    }

    /// What becomes of a database, and the logins in it that the change is about.
    private typealias Change = (KDBXSnapshot) throws(VaultError) -> (Database, [LoginID])

    /// Changes the file, on top of whatever other programs put there meanwhile.
    private func rewrite(
        _ former: Opened,
        at now: Int64,
        _ deriver: any KeyDeriver,
        keepsBackup: Bool = false,
        _ change: Change
    ) throws(VaultError) -> (Opened, [LoginID]) {
        for _ in 1...4 {
            let outcome: Result<(Opened, [LoginID]), VaultError>
            do throws(SystemCallError) {
                let replacement = try FileReplacement(of: reader.path)
                if !replacement.isLocked { tellUnlocked() }
                outcome = try rewrite(former, deriver, in: replacement, keepsBackup, change)
            } catch  where error.code == ESTALE {
                // Another program wrote while we encrypted: once more, with what it wrote.
                continue
            } catch {
                throw .unavailable("The file of the vault \(name) can't be written: \(error.words).")
            }
            return try outcome.get()
        }
        throw .unavailable("The file of the vault \(name) never rests: other programs keep writing it")
    }

    private func rewrite(
        _ former: Opened,
        _ deriver: any KeyDeriver,
        in replacement: borrowing FileReplacement,
        _ keepsBackup: Bool,
        _ change: Change
    ) throws(SystemCallError) -> Result<(Opened, [LoginID]), VaultError> {
        let old = try FileBytes.read(replacement.path, limit: KDBXReader.sizeLimit)
        let (file, derived, snapshot, entries): ([UInt8], DerivedKey, KDBXSnapshot, [LoginID])
        var saved = KDBXSaves()
        do throws(VaultError) {
            let base: KDBXSnapshot
            (base, saved) = try merged(old, former, deriver)
            var (database, logins) = try change(base)
            // They are in the file from now on.
            database.adoptReplacementIDs()
            (snapshot, entries) = (KDBXSnapshot(database), logins)
            saved.add(logins.map { Identifier($0) }) { database.entry($0)?.modified }
            do throws(KDBXError) {
                (file, derived) = try database.written(key: former.key, limits: limits, by: deriver)
            } catch {
                throw VaultError(error, vault: name, limits: limits)
            }
        } catch {
            return .failure(error)
        }
        let path = replacement.path
        let isGood = { (bytes: [UInt8]) in Self.holds(bytes, snapshot, entries, derived, limits) }
        // A file that has gone is as different as can be.
        let isStillOld = { (try? FileBytes.read(path, limit: KDBXReader.sizeLimit)) == old }
        var (lost, isCertain): ([String], Bool) = ([], true)
        do throws(SystemCallError) {
            let outcome = try replacement.replace(
                with: file,
                keepsBackup: keepsBackup,
                isGood: isGood,
                isStillOld: isStillOld,
                reached: reached
            )
            lost = outcome.lost
            if let trouble = outcome.trouble {
                isCertain = false
                tellTrouble(trouble)
            }
        } catch  where replacement.isImpossible(error) {
            let backup = keepsBackup && FileStamp(backup) != nil ? KDBXBackup.second(backup) : backup
            try SafeFile.makeFolder(SafeFile.parent(of: backup))
            do throws(SystemCallError) {
                try replacement.overwrite(
                    with: file,
                    backup: backup,
                    isGood: isGood,
                    isStillOld: isStillOld,
                    reached: { (step) throws(SystemCallError) in try reachedInPlace(step, backup) }
                )
            } catch  where FileReplacement.isBroken(error) {
                return .failure(.failed(isBroken(by: error, backup)))
            } catch {
                throw error
            }
        } catch {
            throw error
        }
        if !lost.isEmpty {
            logger.warning(
                "The file of the vault could not be saved with all that belongs to it",
                metadata: ["vault": "\(name)", "lost": "\(lost.joined(separator: ", "))"]
            )
        }
        let opened = Opened(
            snapshot: snapshot,
            key: former.key,
            derived: derived,
            digest: Digest.sha256(file),
            saved: saved,
            isCertain: isCertain
        )
        writeDuplicate(file, opened)
        return .success((opened, entries))
    }

    /// Keeps what was just written, before anybody is told that it is saved: whoever writes an older state once nobody
    /// follows the file doesn't undo it then.
    private func writeDuplicate(_ bytes: [UInt8], _ opened: Opened) {
        do throws(SystemCallError) {
            try keptSaves.writeDuplicate(bytes, saves: opened.saved, opened.digest)
        } catch {
            logger.warning(
                "The vault's file is saved, but the state folder can't take a copy: a program that writes an older state while the vault is locked undoes it",
                metadata: ["vault": "\(name)", "reason": "\(error.words)"]
            )
        }
    }

    /// Logs where the former content is before its first byte is overwritten: whoever finds the file broken, after a
    /// crash or a full disk, finds that in the log.
    private func reachedInPlace(_ step: FileReplacement.Step, _ backup: String) throws(SystemCallError) {
        if step == .backedUp {
            logger.notice(
                "The file of the vault can't be replaced, and is written in place; its former content is kept",
                metadata: ["vault": "\(name)", "backup": "\(backup)"]
            )
        }
        try reached(step)
    }

    private func tellUnlocked() {
        logger.notice(
            "Another program keeps the folder of the vault's file locked; the file is saved without that lock",
            metadata: ["vault": "\(name)", "see": "fuser \(SafeFile.parent(of: reader.path))"]
        )
    }

    private func tellTrouble(_ error: SystemCallError) {
        logger.warning(
            "The vault's file is saved, but the disk may not have it yet: a crash may bring the one before back",
            metadata: ["vault": "\(name)", "reason": "\(error.words)"]
        )
    }

    private func isBroken(by error: SystemCallError, _ backup: String) -> String {
        "The file of the vault \(name) could neither be written nor put back as it was (\(error.words)), and may be broken: its former content is in \(backup); copy that to \(reader.path)"
    }

    /// What other programs have written since the file was read, combined with what was saved meanwhile; and what the
    /// latter is.
    private func merged(
        _ bytes: [UInt8],
        _ former: Opened,
        _ deriver: any KeyDeriver
    ) throws(VaultError) -> (KDBXSnapshot, saved: KDBXSaves) {
        guard former.isUnwritten || Digest.sha256(bytes) != former.digest else {
            return (former.snapshot, former.saved)
        }
        let found = try reader.opened(bytes, like: former, by: deriver)
        return (completed(found, former).map { KDBXSnapshot($0) } ?? found.snapshot, found.saved)
    }

    /// What was found, with what it lacks of what was saved; nil if that is nothing.
    private func completed(_ found: Opened, _ former: Opened) -> Database? {
        tellOther(found.snapshot, than: former)
        var database = found.snapshot.database
        guard found.saved.merge(into: &database, from: former.snapshot.database) else { return nil }
        let longCount = found.saved.entries.count(where: database.hasLongHistory)
        if longCount > 0 {
            logger.notice(
                "What Keybell had saved, and another program has overwritten, goes to histories that have no room for it by the vault's settings: another program may drop it",
                metadata: ["vault": "\(name)", "entries": "\(longCount)"]
            )
        }
        return database
    }

    /// Logs that the file is another database now.
    private func tellOther(_ snapshot: KDBXSnapshot, than former: Opened) {
        guard !snapshot.isOf(former.snapshot, but: former.saved) else { return }
        logger.warning(
            "The vault's file is another database now; what was saved in the one before isn't put into it",
            metadata: ["vault": "\(name)", "saved": "\(former.saved.entries.count)"]
        )
    }

    /// Whether a file that was read back is the one that was meant.
    private static func holds(
        _ bytes: [UInt8],
        _ snapshot: KDBXSnapshot,
        _ saved: [LoginID],
        _ key: DerivedKey,
        _ limits: KDBXLimits
    ) -> Bool {
        // Whatever is wrong with it, it isn't good.
        guard let database = try? LockedFile(parsing: bytes).open(key, limits: limits),
            database.entries.count == snapshot.database.entries.count
        else { return false }
        return saved.allSatisfy { id in
            guard let meant = snapshot.database.entry(Identifier(id)),
                let found = database.entry(Identifier(id))
            else { return false }
            return isSame(meant, found)
        }
    }

    /// Whether two entries have the same strings in the same order: what was meant came through the file as it was.
    private static func isSame(_ meant: Entry, _ found: Entry) -> Bool {
        let (strings, others) = (meant.strings, found.strings)
        return strings.count == others.count
            && zip(strings, others).allSatisfy { string, other in
                string.field == other.field && meant.secret(of: string) == found.secret(of: other)
            }
    }

    // MARK: - After a killed save

    /// Removes what a save that was killed may have left beside the file.
    func clearLitter() {
        // Without a file there is nothing to clear, and while another program saves it isn't ours to clear.
        guard let replacement = try? FileReplacement(of: reader.path), replacement.isLocked else { return }
        replacement.clearLitter()
    }
}
