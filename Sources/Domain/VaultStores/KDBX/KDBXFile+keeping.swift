// SPDX-License-Identifier: Apache-2.0

import KDBX
import Linux
import SecureMemory
import Vault

// What Keybell had saved, and could not put back into the file.
extension KDBXFile {
    /// The vault as it was last, under its own key: a whole file, to be kept elsewhere.
    func encrypted(_ former: Opened, by deriver: any KeyDeriver) throws(VaultError) -> [UInt8] {
        do throws(KDBXError) {
            return try former.snapshot.database.written(key: former.key, limits: reader.limits, by: deriver)
                .file
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

    /// Adds to what was opened what Keybell had saved, is kept for it, and one of these passwords opens.
    func withKept(
        _ opened: Opened,
        in keeper: KDBXKeeper,
        openedBy passwords: [SecretBytes?],
        by derivers: EndableDerivers
    ) -> Merged {
        var (database, saved, isAny) = (opened.snapshot.database, opened.saved, false)
        var left: [KDBXLog.Left: [String]] = [:]
        for copy in keeper.look() where !opened.saved.contains(copy.saves) {
            // The rest of that state is in an older copy on purpose, if it isn't in the file.
            let paths = [copy.path].compactMap(\.self)
            guard !copy.saves.isEmpty, let kept = open(copy, in: keeper, with: passwords, by: derivers) else {
                left[.unopened, default: []] += paths
                continue
            }
            guard kept.isSame(as: database) else {
                left[.otherDatabase, default: []] += paths
                continue
            }
            database.merge(copy.saves.entries, from: kept)
            saved.add(copy.saves)
            isAny = true
        }
        return Merged(
            opened: opened.pending(KDBXSnapshot(database), saved: saved),
            isAny: isAny,
            left: left
        )
    }

    private func open(
        _ copy: KDBXCopy,
        in keeper: KDBXKeeper,
        with passwords: [SecretBytes?],
        by derivers: EndableDerivers
    ) -> Database? {
        // One that can't be read stays where it is, and is logged.
        guard let bytes = try? keeper.bytes(of: copy) else { return nil }
        for password in passwords {
            guard let deriver = derivers.next() else { return nil }
            // So does one that can't be opened.
            if let found = try? reader.open(bytes, with: password, by: deriver) {
                return found.snapshot.database
            }
        }
        return nil
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
