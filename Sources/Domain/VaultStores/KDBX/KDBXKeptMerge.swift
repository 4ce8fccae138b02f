// SPDX-License-Identifier: Apache-2.0

import KDBX
import Linux
import SecureMemory
import Vault

/// Opens what Keybell had saved and is kept in the state folder, and merges it with a vault: it blocks and takes long, so it
/// is never called on an actor.
struct KDBXKeptMerge {
    typealias Opened = KDBXReader.Opened

    /// What comes of it.
    struct Outcome: Sendable {
        /// What the vault becomes with it, to be put into the file.
        let opened: Opened
        /// Whether there is anything that the vault hadn't.
        var isAny = false
        /// Why files stay where they are, whatever becomes of that.
        var left: [KDBXLog.Left: [String]] = [:]
        /// The key files by which these were to be opened.
        var keyFiles: Set<String> = []
    }

    private let reader: KDBXReader
    private let keptSaves: KDBXKeptSaves
    /// A key file may be on a disk that hangs, and saves wait for this.
    private let keyFileAccess: FolderAccess
    private let derivers: CancellableDerivers

    /// A merge.
    ///
    /// - Parameters:
    ///   - reader: What reads the vault's file.
    ///   - keptSaves: What is kept.
    ///   - derivers: Who derives the keys.
    ///   - timeout: How long reading a key file may take.
    init(
        for reader: KDBXReader,
        of keptSaves: KDBXKeptSaves,
        by derivers: CancellableDerivers,
        timeout: Duration = .seconds(10)
    ) {
        (self.reader, self.keptSaves, self.derivers) = (reader, keptSaves, derivers)
        keyFileAccess = FolderAccess(label: "org.keybell.kdbx.key-file", timeout: timeout)
    }

    /// Adds to what was opened what Keybell had saved, is kept for it, and one of these passwords opens.
    ///
    /// - Parameters:
    ///   - opened: What was opened.
    ///   - passwords: Those that are tried, each for all that is kept before the next.
    /// - Returns: What comes of it.
    func merged(with opened: Opened, openedBy passwords: [SecretBytes?]) -> Outcome {
        var (database, saved, isAny) = (opened.snapshot.database, opened.saved, false)
        var left: [KDBXLog.Left: [KDBXCopy]] = [:]
        var copies = keptSaves.look().filter { !opened.saved.contains($0.saves) }
        left[.unknown] = copies.filter(\.saves.isEmpty)
        copies.removeAll(where: \.saves.isEmpty)
        var withoutKeyFile: Set<String> = []
        for password in passwords {
            var unopened: [KDBXCopy] = []
            for copy in copies {
                switch open(copy, with: password) {
                case .success(nil): unopened.append(copy)
                case .success(let kept?) where kept.isSame(as: database, but: copy.saves.entries):
                    // What else is in it may be otherwise in the file on purpose.
                    if copy.saves.merge(into: &database, from: kept) { isAny = true }
                    saved.add(copy.saves)
                case .failure(.noKeyFile):
                    // Another password may do without.
                    unopened.append(copy)
                    if let path = copy.path { withoutKeyFile.insert(path) }
                case .success: left[.otherDatabase, default: []].append(copy)
                case .failure(let reason): left[reason, default: []].append(copy)
                }
            }
            copies = unopened
        }
        // Another program may have changed the password, and nothing else.
        for copy in copies where copy.saves.isIn(opened.snapshot.database) { saved.add(copy.saves) }
        let locked = copies.filter { !saved.contains($0.saves) }
        for copy in locked {
            let lacksKeyFile = copy.path.map(withoutKeyFile.contains) ?? false
            left[lacksKeyFile ? .noKeyFile : .unopened, default: []].append(copy)
        }
        return Outcome(
            opened: opened.pending(KDBXSnapshot(database), saved: saved),
            isAny: isAny,
            left: left.mapValues { $0.compactMap(\.path) }.filter { !$0.value.isEmpty },
            keyFiles: Set(locked.compactMap(\.keyFile))
        )
    }

    /// What is in a copy; nil if neither the vault's key file nor the one of then makes the password the right one.
    private func open(_ copy: KDBXCopy, with password: SecretBytes?) -> Result<Database?, KDBXLog.Left> {
        let bytes: [UInt8]
        do throws(SystemCallError) { bytes = try keptSaves.bytes(of: copy) } catch {
            return .failure(.unreadable)
        }
        var isKeyFileMissing = false
        for keyFile in reader.keyFile == copy.keyFile ? [copy.keyFile] : [reader.keyFile, copy.keyFile] {
            var reader = reader
            reader.keyFile = keyFile
            let isOld = keyFile != self.reader.keyFile
            let read = keyFileAccess.result { [reader] () -> Result<[UInt8]?, VaultError> in
                do throws(VaultError) { return .success(try reader.keyFileBytes()) } catch {
                    return .failure(error)
                }
            }
            guard case .success(let key)? = read else {
                isKeyFileMissing = true
                continue
            }
            guard let deriver = derivers.next() else { return .failure(.untried) }
            do throws(VaultError) {
                let files = KDBXReader.Files(vault: bytes, keyFile: key)
                if let found = try reader.open(files, with: password, by: deriver) {
                    return .success(found.snapshot.database)
                }
            } catch {
                // Where an old key file is something else by now, the vault's own says more.
                if !isOld { return .failure(.unreadable) }
            }
        }
        return isKeyFileMissing ? .failure(.noKeyFile) : .success(nil)
    }
}
