// SPDX-License-Identifier: Apache-2.0

import Ciphers
import KDBX
import Linux
import SecureMemory
import Vault

/// Reads a KDBX file and its key file from the disk: it blocks and takes long, so it is never called on an actor.
struct KDBXReader: Sendable {
    /// Longer than any database that fits in memory.
    static let sizeLimit = 1 << 30

    /// What the vault is called, for texts that people read.
    let name: String
    let path: String
    var keyFile: String?
    let limits: KDBXLimits

    /// What it takes to open the vault, but for the password.
    struct Files: Sendable {
        /// The vault's file, encrypted.
        let vault: [UInt8]
        /// The key file, if it has one.
        let keyFile: [UInt8]?
    }

    /// Reads both files.
    func files() throws(VaultError) -> Files {
        Files(vault: try read(), keyFile: try keyFileBytes())
    }

    /// Checks that the file is there and could be opened at all.
    func checkFile() throws(VaultError) {
        let files = try files()
        _ = try parse(files.vault)
        guard let keyFile = files.keyFile else { return }
        do throws(KDBXError) {
            _ = try CompositeKey(password: nil, keyFile: keyFile)
        } catch {
            throw VaultError(error, vault: name, limits: limits)
        }
    }

    /// Opens what was read with a password, or with its key file alone; nil if that doesn't open it.
    func open(
        _ files: Files,
        with password: SecretBytes?,
        by deriver: any KeyDeriver
    ) throws(VaultError) -> Opened? {
        let (file, keyFile) = (try parse(files.vault), files.keyFile)
        // With a key file, no password is what most mean by an empty one.
        let passwords = password?.isEmpty ?? false && keyFile != nil ? [nil, password] : [password]
        for password in passwords {
            do throws(KDBXError) {
                let key = try CompositeKey(password: password, keyFile: keyFile)
                let derived = try file.derive(key, limits: limits, by: deriver)
                let database = try file.open(derived, limits: limits)
                return Opened(
                    snapshot: KDBXSnapshot(database),
                    key: key,
                    derived: derived,
                    digest: Digest.sha256(files.vault),
                    keyFile: self.keyFile
                )
            } catch .wrongKey {
                continue
            } catch {
                throw VaultError(error, vault: name, limits: limits)
            }
        }
        return nil
    }

    /// Opens what was read of the file with the key that is known.
    ///
    /// Where it is another database now, nothing that was saved in the one before has a place in it.
    func opened(
        _ bytes: [UInt8],
        like former: Opened,
        by deriver: any KeyDeriver
    ) throws(VaultError) -> Opened {
        let file = try parse(bytes)
        do throws(KDBXError) {
            let derived = try file.derive(former.key, limits: limits, by: deriver)
            let database = try file.open(derived, limits: limits)
            return Opened(
                snapshot: KDBXSnapshot(database),
                key: former.key,
                derived: derived,
                digest: Digest.sha256(bytes),
                keyFile: former.keyFile,
                saved: database.isSame(as: former.snapshot.database, but: former.saved.entries)
                    ? former.saved : KDBXSaves()
            )
        } catch .wrongKey {
            throw otherKey
        } catch {
            throw VaultError(error, vault: name, limits: limits)
        }
    }

    /// Another program has given the file another key.
    var otherKey: VaultError {
        .unavailable(
            "The vault \(name) got another password or key file. Correct what its [[vault]] says of that (password_command, password, key_file), if it does; then `keybell unlock \(name)` opens it, and what was saved goes into the file."
        )
    }

    /// What is in the file now, still encrypted.
    func read() throws(VaultError) -> [UInt8] {
        do throws(SystemCallError) {
            return try FileBytes.read(FileBytes.resolved(path), limit: Self.sizeLimit)
        } catch {
            throw .unavailable(
                "The file of the vault \(name) can't be read: \(error.words). `keybell doctor` says where it is looked for."
            )
        }
    }

    /// Why a file that takes too long is waited for no longer.
    var takesTooLong: VaultError {
        .unavailable(
            "The file of the vault \(name), or its key file, takes too long to be read: see whether the disk or server that it is on answers. `keybell doctor` says where it is looked for."
        )
    }

    /// What is in the key file; nil if the vault has none.
    func keyFileBytes() throws(VaultError) -> [UInt8]? {
        guard let keyFile else { return nil }
        do throws(SystemCallError) {
            return try FileBytes.read(FileBytes.resolved(keyFile), limit: 64 << 20)
        } catch {
            throw .unavailable(
                "The key file of the vault \(name) can't be read: \(error.words). `keybell doctor` says where it is looked for."
            )
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
