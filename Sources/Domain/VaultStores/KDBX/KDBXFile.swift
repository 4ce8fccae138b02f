// SPDX-License-Identifier: Apache-2.0

import Ciphers
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
    /// What writes it.
    private let writer: KDBXFileWriter
    /// What keeps a duplicate of what is saved.
    private let keptSaves: KDBXKeptSaves
    private let logger: Logger

    private var name: String { reader.name }
    private var limits: KDBXLimits { reader.limits }

    /// The file that a reader reads.
    ///
    /// - Parameters:
    ///   - reader: What reads it.
    ///   - writer: What writes it.
    ///   - keptSaves: What keeps a duplicate of what is saved.
    ///   - logger: Where trouble goes.
    init(reader: KDBXReader, writer: KDBXFileWriter, keptSaves: KDBXKeptSaves, logger: Logger) {
        self.reader = reader
        self.writer = writer
        self.keptSaves = keptSaves
        self.logger = logger
    }

    /// Reads the file again with the known key; nil if it is still the one that was read.
    ///
    /// What was saved since the vault was opened, and another program has overwritten, is put back into it, as an entry
    /// or in an entry's history; not where the file is another database now.
    ///
    /// - Parameters:
    ///   - former: What was read or written last.
    ///   - deriver: Who derives the key for reading.
    ///   - writer: Who derives it where something is put back.
    /// - Returns: What is in it now; nil if that hasn't changed.
    /// - Throws: What reading it, or putting something back, throws.
    func reread(
        _ former: Opened,
        by deriver: any KeyDeriver,
        writingBy writer: any KeyDeriver
    ) throws(VaultError) -> Opened? {
        guard let other = try overwritten(former, by: deriver) else { return nil }
        guard let database = other.database else { return other.found }
        do throws(VaultError) {
            return try putBack(other.found.with(database), writer)
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
        by deriver: any KeyDeriver,
        writingBy writer: any KeyDeriver
    ) throws(VaultError) -> Opened {
        guard let other = try overwritten(former, by: deriver) else { return former }
        var state = other.found
        if state.snapshot.isOf(former.snapshot, but: former.saved), let database = other.database {
            // It may become another one until it is written.
            state = try putBack(state.with(database), writer)
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
        try rewrite(former, deriver, replacesPassword: save.replacesPassword) {
            snapshot,
            saved throws(VaultError) in
            guard !save.isChange || snapshot.isOf(former.snapshot, but: former.saved) else {
                throw .notFound
            }
            return try save.applied(to: snapshot, after: saved, at: Timestamp(unix: now))
        }
    }

    /// Writes what the file becomes with what was put back; the backup of before the last save stays, for nobody has asked for
    /// this, and another program may have put there what has no place there.
    private func putBack(_ state: Opened, _ writer: any KeyDeriver) throws(VaultError) -> Opened {
        try rewrite(state, writer, keepsBackup: true) { snapshot, _ throws(VaultError) in
            (snapshot.database, [])
        }
        .0
    }

    /// What a file becomes, and what it has then.
    private struct Change: Sendable {
        var state: Opened
        let logins: [LoginID]
    }

    /// Changes the file, on top of whatever other programs put there meanwhile.
    ///
    /// - Parameters:
    ///   - former: What was read or written last.
    ///   - deriver: Who derives the key.
    ///   - keepsBackup: Whether the backup of before the last save stays.
    ///   - replacesPassword: Whether the logins get another password.
    ///   - change: What becomes of the database, and the logins in it that the change is about.
    /// - Returns: The file as it is then, and these logins.
    /// - Throws: What `change` throws, and why the file can't be read or written.
    private func rewrite(
        _ former: Opened,
        _ deriver: any KeyDeriver,
        keepsBackup: Bool = false,
        replacesPassword: Bool = false,
        _ change: (KDBXSnapshot, KDBXSaves) throws(VaultError) -> (Database, [LoginID])
    ) throws(VaultError) -> (Opened, [LoginID]) {
        let written = try writer.replace(keepsBackup: keepsBackup) { old throws(VaultError) in
            let (base, before) = try merged(old, former, deriver)
            let (changed, logins) = try change(base, before)
            var database = changed
            // They are in the file from now on.
            database.adoptReplacementIDs()
            var (state, bytes) = (former.with(database), [UInt8]())
            state.saved = before
            state.saved.add(logins.map { Identifier($0) }, replacesPassword: replacesPassword) {
                database.entry($0)?.modified
            }
            do throws(KDBXError) {
                (bytes, state.derived) = try database.written(key: former.key, limits: limits, by: deriver)
            } catch {
                throw VaultError(error, vault: name, limits: limits)
            }
            state.digest = Digest.sha256(bytes)
            return KDBXFileWriter.Content(bytes: bytes, made: Change(state: state, logins: logins)) {
                [state, limits] in Self.holds($0, state, logins, limits)
            }
        }
        var state = written.content.made.state
        state.isCertain = written.isCertain
        let saved = state.saved
        if saved.count > KDBXSaves.most, !keptSaves.isAnyKept {
            state.saved.forget(notIn: state.snapshot.database)
        }
        writeDuplicate(written.content.bytes, state, replacing: saved)
        return (state, written.content.made.logins)
    }

    /// Keeps what was just written, before anybody is told that it is saved: whoever writes an older state once nobody
    /// follows the file doesn't undo it then.
    private func writeDuplicate(_ bytes: [UInt8], _ opened: Opened, replacing known: KDBXSaves) {
        do throws(SystemCallError) {
            try keptSaves.writeDuplicate(
                bytes,
                saves: opened.saved,
                replacing: known,
                opened.digest,
                keyFile: opened.keyFile
            )
        } catch {
            logger.warning(
                "The vault's file is saved, but the state folder can't take a copy, which is in memory until it does: a program that writes an older state once Keybell has ended undoes it",
                metadata: ["vault": "\(name)", "reason": "\(error.words)"]
            )
        }
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
        _ state: Opened,
        _ logins: [LoginID],
        _ limits: KDBXLimits
    ) -> Bool {
        // Whatever is wrong with it, it isn't good.
        guard let database = try? LockedFile(parsing: bytes).open(state.derived, limits: limits),
            database.entries.count == state.snapshot.database.entries.count
        else { return false }
        return logins.allSatisfy { id in
            guard let meant = state.snapshot.database.entry(Identifier(id)),
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
}
