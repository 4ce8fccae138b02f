// SPDX-License-Identifier: Apache-2.0

import KDBX
import Linux
import SecureMemory
import Vault

// What Keybell had saved, and could not put back into the file.
extension KDBXFile {
    /// Keeps the vault as it was last, under its own key, in a file of its own.
    ///
    /// - Returns: Where it is.
    func keep(
        _ former: Opened,
        in place: KDBXKept,
        by deriver: any KeyDeriver
    ) throws(VaultError) -> String {
        let bytes: [UInt8]
        do throws(KDBXError) {
            bytes = try former.snapshot.database.written(key: former.key, limits: reader.limits, by: deriver)
                .file
        } catch {
            throw VaultError(error, vault: reader.name, limits: reader.limits)
        }
        do throws(SystemCallError) {
            return try place.write(bytes, saved: former.saved)
        } catch {
            throw .failed(
                "What was saved in the vault \(reader.name) can't be kept in \(place.state) either: \(error.words)."
            )
        }
    }

    /// Adds to what was opened what Keybell had saved, is kept for it, and one of these passwords opens.
    ///
    /// - Returns: What it becomes with that, to be put into the file; and the kept files that it then includes.
    func withKept(
        _ opened: Opened,
        in place: KDBXKept,
        openedBy passwords: [SecretBytes?],
        by derivers: EndableDerivers
    ) -> (opened: Opened, merged: [String]) {
        var (database, saved, merged) = (opened.snapshot.database, opened.saved, [String]())
        for path in place.found() {
            // The rest of that state is in an older copy on purpose, if it isn't in the file.
            let entries = place.saved(in: path)
            guard !entries.isEmpty, let kept = open(path, with: passwords, by: derivers),
                kept.isSame(as: database)
            else { continue }
            if database.merge(entries, from: kept) { saved.formUnion(entries) }
            merged.append(path)
        }
        return (opened.pending(KDBXSnapshot(database), saved: saved), merged)
    }

    private func open(
        _ path: String,
        with passwords: [SecretBytes?],
        by derivers: EndableDerivers
    ) -> Database? {
        let reader = KDBXReader(
            name: reader.name,
            path: path,
            keyFile: reader.keyFile,
            limits: reader.limits
        )
        for password in passwords {
            guard let deriver = derivers.next() else { return nil }
            // One that can't be read stays where it is, and is logged.
            if let found = try? reader.open(with: password, by: deriver) {
                return found.snapshot.database
            }
        }
        return nil
    }
}

extension KDBXReader.Opened {
    /// The same with other content, which isn't in the file yet.
    func pending(_ snapshot: KDBXSnapshot, saved: Set<Identifier>) -> Self {
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
