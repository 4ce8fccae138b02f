// SPDX-License-Identifier: Apache-2.0

import Ciphers
import KDBX
import Linux
import SecureMemory
import Vault

// What Keybell had saved, and could not put back into the file: encrypted for `KDBXKeptSaves`, and merged again.
extension KDBXFile {
    /// The vault as it was last, under its own key: a whole file, to be kept elsewhere.
    ///
    /// No key is derived for it.
    func encrypted(_ former: Opened) throws(VaultError) -> [UInt8] {
        do throws(KDBXError) {
            return try former.snapshot.database.written(with: former.derived)
        } catch {
            throw VaultError(error, vault: reader.name, limits: reader.limits)
        }
    }

    /// What comes of opening what is kept.
    struct Merged: Sendable {
        /// What the vault becomes with it, to be put into the file.
        let opened: Opened
        /// Whether there is anything that the vault hadn't.
        var isAny = false
        /// Why files stay where they are, whatever becomes of that.
        var left: [KDBXLog.Left: [String]] = [:]
    }

    /// What is in the file, if that is still as this state was read from it or written into it, and the disk has it for
    /// certain.
    func bytesForCertain(of state: Opened) -> [UInt8]? {
        guard state.isCertain, !state.isUnwritten,
            // What can't be read is nothing that is certain.
            let path = try? FileBytes.resolved(reader.path),
            let bytes = try? FileBytes.read(path, limit: KDBXReader.sizeLimit),
            Digest.sha256(bytes) == state.digest, SafeFile.synchronize(path)
        else { return nil }
        return bytes
    }

    /// What was opened, with what Keybell had saved and is known to be in it: where another program overwrites that now, it
    /// comes back.
    func withDuplicated(_ opened: Opened, in keptSaves: KDBXKeptSaves) -> Opened {
        let saves = keptSaves.savesOfDuplicates(of: opened.digest)
        guard saves.count <= KDBXSaves.most else {
            if bytesForCertain(of: opened) != nil { keptSaves.dropDuplicates(in: opened.digest) }
            return opened
        }
        var opened = opened
        opened.saved.add(saves)
        return opened
    }

    /// Adds to what was opened what Keybell had saved, is kept for it, and one of these passwords opens.
    ///
    /// - Parameters:
    ///   - opened: What was opened.
    ///   - keptSaves: What has the rest.
    ///   - passwords: Those that are tried, each for all that is kept before the next.
    ///   - derivers: Who derives their keys.
    /// - Returns: What comes of it.
    func withKept(
        _ opened: Opened,
        in keptSaves: KDBXKeptSaves,
        openedBy passwords: [SecretBytes?],
        by derivers: CancellableDerivers
    ) -> Merged {
        var (database, saved, isAny) = (opened.snapshot.database, opened.saved, false)
        var left: [KDBXLog.Left: [String]] = [:]
        var copies = keptSaves.look().filter { !opened.saved.contains($0.saves) }
        left[.unknown] = copies.filter(\.saves.isEmpty).compactMap(\.path)
        copies.removeAll(where: \.saves.isEmpty)
        for password in passwords {
            var unopened: [KDBXCopy] = []
            for copy in copies {
                var reason: KDBXLog.Left?
                switch open(copy, in: keptSaves, with: password, by: derivers) {
                case .success(nil): unopened.append(copy)
                case .success(let kept?) where kept.isSame(as: database, but: copy.saves.entries):
                    // What else is in it may be otherwise in the file on purpose.
                    if copy.saves.merge(into: &database, from: kept) { isAny = true }
                    saved.add(copy.saves)
                case .success: reason = .otherDatabase
                case .failure(let failure): reason = failure
                }
                if let reason, let path = copy.path { left[reason, default: []].append(path) }
            }
            copies = unopened
        }
        // Another program may have changed the password, and nothing else.
        for copy in copies where copy.saves.isIn(opened.snapshot.database) { saved.add(copy.saves) }
        left[.unopened] = copies.filter { !saved.contains($0.saves) }.compactMap(\.path)
        return Merged(
            opened: opened.pending(KDBXSnapshot(database), saved: saved),
            isAny: isAny,
            left: left.filter { !$0.value.isEmpty }
        )
    }

    /// What is in a copy; nil if the password isn't the right one.
    private func open(
        _ copy: KDBXCopy,
        in keptSaves: KDBXKeptSaves,
        with password: SecretBytes?,
        by derivers: CancellableDerivers
    ) -> Result<Database?, KDBXLog.Left> {
        guard let deriver = derivers.next() else { return .failure(.untried) }
        do {
            let found = try reader.open(keptSaves.bytes(of: copy), with: password, by: deriver)
            return .success(found?.snapshot.database)
        } catch {
            return .failure(.unreadable)
        }
    }
}

extension KDBXReader.Opened {
    /// What was read, and what the file becomes with this: as long as that is what is in it, no key is derived to read it
    /// once more.
    func with(_ database: Database) -> Self {
        Self(snapshot: KDBXSnapshot(database), key: key, derived: derived, digest: digest, saved: saved)
    }

    /// The same with other content, which isn't in the file yet.
    func pending(_ snapshot: KDBXSnapshot, saved: KDBXSaves) -> Self {
        Self(snapshot: snapshot, key: key, derived: derived, digest: digest, saved: saved, isUnwritten: true)
    }

    /// The same with what was saved in another state of the database; it takes a while.
    func pending(with other: Self) -> Self {
        var (database, all) = (snapshot.database, saved)
        _ = other.saved.merge(into: &database, from: other.snapshot.database)
        all.add(other.saved)
        return pending(KDBXSnapshot(database), saved: all)
    }

    /// What is served, to be put into the file that another key opens.
    func pending(under other: Self) -> Self {
        Self(
            snapshot: snapshot,
            key: other.key,
            derived: other.derived,
            digest: other.digest,
            saved: saved,
            isUnwritten: true
        )
    }
}
