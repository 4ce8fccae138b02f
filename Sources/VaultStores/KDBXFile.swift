// SPDX-License-Identifier: Apache-2.0

import Ciphers
import KDBX
import Glibc
import Kernel
import Logging
import Secrecy
import Vault

/// A KDBX file on the disk: everything about it that blocks or takes long, so never called on an actor.
struct KDBXFile: Sendable {
    /// A file that has been read, with what it takes to read and write it again.
    struct Opened: Sendable {
        let shelf: KDBXShelf
        let key: CompositeKey
        /// The key after its derivation, good as long as nobody writes the file.
        let derived: DerivedKey
        /// SHA-256 of the file as it was read or written.
        let digest: [UInt8]
    }

    /// What the vault is called, for texts that people read.
    let name: String
    let path: String
    let keyFile: String?
    let limits: Limits
    let logger: Logger
    /// Told of each step of a save, for tests.
    let reached: @Sendable (FileReplacement.Step) throws(KernelError) -> Void

    /// Longer than any database that fits in memory.
    private static let sizeLimit = 1 << 30

    /// Looks whether the file is there and one that could be opened at all.
    func look() throws(VaultError) {
        _ = try parse(read())
        _ = try keyFileBytes()
    }

    /// Opens the file with a password; nil if that is not the right one.
    func open(with password: SecretBytes, by deriver: any KeyDeriver) throws(VaultError) -> Opened? {
        let (bytes, keyFile) = (try read(), try keyFileBytes())
        let file = try parse(bytes)
        // With a key file, no password is what most mean by an empty one.
        let passwords = password.isEmpty && keyFile != nil ? [nil, password] : [password]
        for password in passwords {
            do throws(KDBXError) {
                let key = try CompositeKey(password: password, keyFile: keyFile)
                let derived = try file.derive(key, limits: limits, by: deriver)
                let database = try file.open(derived, limits: limits)
                return Opened(
                    shelf: KDBXShelf(database),
                    key: key,
                    derived: derived,
                    digest: Digest.sha256(bytes)
                )
            } catch .wrongKey {
                continue
            } catch {
                throw VaultError(error, vault: name, limits: limits)
            }
        }
        return nil
    }

    /// Reads the file again with the key that is known; nil if it still is the one that was read.
    func reread(_ former: Opened, by deriver: any KeyDeriver) throws(VaultError) -> Opened? {
        let bytes = try read()
        guard Digest.sha256(bytes) != former.digest else { return nil }
        return try opened(bytes, like: former, deriver)
    }

    /// Puts a draft into the file, after whatever other programs put there meanwhile.
    ///
    /// - Returns: The file as it is then, and the login.
    /// - Throws: What the draft or the file doesn't allow; the file is as it was then.
    func save(
        _ draft: LoginDraft,
        over former: Opened,
        at now: Int64,
        by deriver: any KeyDeriver
    ) throws(VaultError) -> (Opened, LoginID) {
        for _ in 1...4 {
            let outcome: Result<(Opened, LoginID), VaultError>
            do throws(KernelError) {
                let replacement = try FileReplacement(of: path)
                outcome = try save(draft, over: former, at: Timestamp(unix: now), deriver, in: replacement)
            } catch  where error.code == ESTALE {
                // Another program wrote while we encrypted: once more, with what it wrote.
                continue
            } catch {
                throw .unavailable("The file of the vault \(name) can't be written: \(error)")
            }
            return try outcome.get()
        }
        throw .unavailable("The file of the vault \(name) never rests: other programs keep writing it")
    }

    private func save(
        _ draft: LoginDraft,
        over former: Opened,
        at now: Timestamp,
        _ deriver: any KeyDeriver,
        in replacement: borrowing FileReplacement
    ) throws(KernelError) -> Result<(Opened, LoginID), VaultError> {
        let old = try FileBytes.read(replacement.path, limit: Self.sizeLimit)
        let (file, derived, shelf, id): ([UInt8], DerivedKey, KDBXShelf, LoginID)
        do throws(VaultError) {
            let base = try merged(old, former, deriver)
            let (database, login) = try base.saved(draft, at: now)
            (shelf, id) = (KDBXShelf(database), login)
            do throws(KDBXError) {
                (file, derived) = try database.written(key: former.key, limits: limits, by: deriver)
            } catch {
                throw VaultError(error, vault: name, limits: limits)
            }
        } catch {
            return .failure(error)
        }
        let path = replacement.path
        let lost = try replacement.replace(
            with: file,
            isGood: { bytes in Self.holds(bytes, shelf, id, derived, limits) },
            // Not there any more is as different as can be.
            isStillOld: { (try? FileBytes.read(path, limit: Self.sizeLimit)) == old },
            reached: reached
        )
        if !lost.isEmpty {
            logger.warning(
                "The file of the vault could not be saved with all that belongs to it",
                metadata: ["vault": "\(name)", "lost": "\(lost.joined(separator: ", "))"]
            )
        }
        let opened = Opened(shelf: shelf, key: former.key, derived: derived, digest: Digest.sha256(file))
        return .success((opened, id))
    }

    /// What is in memory, with what other programs wrote since it was read.
    private func merged(
        _ bytes: [UInt8],
        _ former: Opened,
        _ deriver: any KeyDeriver
    ) throws(VaultError) -> KDBXShelf {
        guard Digest.sha256(bytes) != former.digest else { return former.shelf }
        var database = try opened(bytes, like: former, deriver).shelf.database
        database.merge(former.shelf.database)
        return KDBXShelf(database)
    }

    private func opened(
        _ bytes: [UInt8],
        like former: Opened,
        _ deriver: any KeyDeriver
    ) throws(VaultError) -> Opened {
        let file = try parse(bytes)
        do throws(KDBXError) {
            let derived = try file.derive(former.key, limits: limits, by: deriver)
            let database = try file.open(derived, limits: limits)
            return Opened(
                shelf: KDBXShelf(database),
                key: former.key,
                derived: derived,
                digest: Digest.sha256(bytes)
            )
        } catch .wrongKey {
            throw .unavailable("The vault \(name) got another password or key file; lock and unlock it.")
        } catch {
            throw VaultError(error, vault: name, limits: limits)
        }
    }

    /// Whether a file that was read back is the one that was meant.
    private static func holds(
        _ bytes: [UInt8],
        _ shelf: KDBXShelf,
        _ id: LoginID,
        _ key: DerivedKey,
        _ limits: Limits
    ) -> Bool {
        // Whatever is wrong with it: it isn't good.
        guard let database = try? LockedFile(parsing: bytes).open(key, limits: limits),
            let name = Identifier(id.bytes),
            let (meant, found) = database.entry(name).map({ (shelf.database.entry(name), $0) })
        else { return false }
        return database.entries.count == shelf.database.entries.count
            && meant.map { isSame($0, found) } ?? false
    }

    /// Whether two entries have the same strings in the same order: what was meant came through the file as it was.
    private static func isSame(_ meant: Entry, _ found: Entry) -> Bool {
        let (strings, others) = (meant.strings, found.strings)
        return strings.count == others.count
            && zip(strings, others).allSatisfy { string, other in
                string.field == other.field && meant.secret(of: string) == found.secret(of: other)
            }
    }

    // MARK: - Reading

    private func read() throws(VaultError) -> [UInt8] {
        do throws(KernelError) {
            return try FileBytes.read(FileBytes.resolved(path), limit: Self.sizeLimit)
        } catch {
            throw .unavailable("The file of the vault \(name) can't be read: \(error)")
        }
    }

    private func keyFileBytes() throws(VaultError) -> [UInt8]? {
        guard let keyFile else { return nil }
        do throws(KernelError) {
            return try FileBytes.read(FileBytes.resolved(keyFile), limit: 64 << 20)
        } catch {
            throw .unavailable("The key file of the vault \(name) can't be read: \(error)")
        }
    }

    private func parse(_ bytes: [UInt8]) throws(VaultError) -> LockedFile {
        do throws(KDBXError) {
            return try LockedFile(parsing: bytes)
        } catch {
            throw VaultError(error, vault: name, limits: limits)
        }
    }
}
