// SPDX-License-Identifier: Apache-2.0

import Ciphers
import FoundationEssentials
import Glibc
import KDBX
import Linux
import SecureMemory
import Synchronization

/// The files in the state folder with what Keybell had saved and could not put back into a vault's file (`KDBXKeptSaves`):
/// each a database of its own, under the key that the vault had then.
///
/// What it saved last is there, too, while the file has it: a program that has loaded an older state may write that while
/// nobody follows the file. Such a duplicate has the file's digest noted beside it.
///
/// The state folder is this user's alone. Beside the vault's file others may write, and what they put there under a
/// former, known password would be merged like what Keybell had saved.
package struct KDBXKeptFiles: Sendable {
    /// No vault has more of them.
    private static let most = 99
    /// So many earlier ones of the same saves stay where the disk may lose the name of the newest in a crash.
    private static let mostFormer = 2
    /// A vault that another configuration has anew may have the same files as the one that it lacked.
    private static let writing = Mutex(())

    /// The vault's file, as the configuration has it.
    let vault: String
    /// The state folder.
    let state: String
    /// Writes a file, and says whether the disk has it for certain; another one is for tests.
    var writeFile: @Sendable ([UInt8], String) throws(SystemCallError) -> Bool = SafeFile.write(_:to:)

    /// What is kept for a vault, and its file isn't known to have, usually the oldest first.
    ///
    /// It blocks.
    ///
    /// - Parameters:
    ///   - vault: The file's path, as the configuration has it.
    ///   - state: The state folder.
    /// - Returns: Their paths.
    package static func found(of vault: String, state: String) -> [String] {
        copies(of: vault, state: state).compactMap(\.path)
    }

    /// Where the key files are, or were, that open what `found` finds.
    package static func keyFiles(of vault: String, state: String) -> [String] {
        Set(copies(of: vault, state: state).compactMap(\.keyFile)).sorted()
    }

    private static func copies(of vault: String, state: String) -> [KDBXCopy] {
        let kept = KDBXKeptFiles(vault: vault, state: state)
        return kept.found().map(kept.copy).filter { $0.duplicated == nil }
    }

    /// What is kept of the vault's file as it was last, where another program has written that since; nil where there is
    /// nothing of the kind.
    ///
    /// It blocks.
    ///
    /// - Parameters:
    ///   - vault: The file's path, as the configuration has it.
    ///   - state: The state folder.
    ///   - file: What is in the file now.
    /// - Returns: Where it is, and when it was made.
    package static func duplicate(of vault: String, state: String, unlike file: [UInt8]) -> KDBXBackup? {
        let kept = KDBXKeptFiles(vault: vault, state: state)
        let duplicates = kept.found().filter { kept.copy($0).duplicated != nil }
        guard !duplicates.isEmpty else { return nil }
        let digest = Hex.text(Digest.sha256(file))
        guard !duplicates.contains(where: { kept.copy($0).duplicated == digest }) else { return nil }
        return KDBXBackup.newest(of: duplicates)
    }

    /// What is kept for vaults that the configuration doesn't have, or has elsewhere.
    ///
    /// It blocks.
    ///
    /// - Parameters:
    ///   - names: What is in the state folder.
    ///   - state: The state folder.
    ///   - vaults: The paths of the vaults' files, as the configuration has them.
    /// - Returns: It all.
    package static func strays(
        among names: [String],
        in state: String,
        but vaults: [String]
    ) -> [KDBXStrayFile] {
        let ending = ".keybell-saved"
        let known = Set(vaults.map { KDBXIdentity.name(of: $0, ending: "keybell-saved") })
        return names.sorted().compactMap { name in
            guard let end = name.firstRange(of: ending)?.upperBound, !name.hasSuffix(".json"),
                !name.contains(".new-"), !known.contains(String(name[..<end]))
            else { return nil }
            let path = "\(state)/\(name)"
            let note = note(of: path).readIfUsable()
            return KDBXStrayFile(path: path, vault: note?.vault, duplicated: note?.file)
        }
    }

    /// All that is kept, usually the oldest first.
    func found() -> [String] {
        names.filter { FileStamp($0) != nil }
    }

    /// Keeps a database, and removes what is kept of it in an earlier state.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - saves: What it is kept for.
    ///   - duplicated: SHA-256 of the vault's file in hex, where that has it all.
    ///   - known: What else it has, though it needn't be remembered any more; nil where that is nothing.
    ///   - keyFile: Where the key file is that opens it.
    /// - Returns: Where it is.
    /// - Throws: Why it can't be kept anywhere.
    @discardableResult
    func write(
        _ bytes: [UInt8],
        saves: KDBXSaves,
        duplicated: String? = nil,
        replacing known: KDBXSaves? = nil,
        keyFile: String? = nil
    ) throws(SystemCallError) -> String {
        try Self.writing.withLock { _ throws(SystemCallError) in
            try SafeFile.makeFolder(state)
            guard let path = names.first(where: { FileStamp($0) == nil }) else {
                throw SystemCallError(call: "open", code: EEXIST)
            }
            // First, for without it nothing of the file is merged.
            var isCertain = try Self.note(of: path).write(
                KDBXSavesNote(saves, of: vault, duplicated: duplicated, keyFile: keyFile)
            )
            isCertain = try writeFile(bytes, path) && isCertain
            let former = oldestFirst().map(copy).filter { former in
                former.path != path && (known ?? saves).contains(former.saves)
                    // What the file lacked goes once it has that for certain.
                    && (duplicated == nil || former.duplicated != nil)
            }
            for path in former.dropLast(isCertain ? 0 : Self.mostFormer).compactMap(\.path) {
                Self.remove(path)
            }
            return path
        }
    }

    /// A file and what it is kept for, nothing where that isn't known.
    func copy(_ path: String) -> KDBXCopy {
        let note = Self.note(of: path).readIfUsable()
        return KDBXCopy(
            path: path,
            bytes: nil,
            saves: note?.known ?? KDBXSaves(),
            duplicated: note?.file,
            keyFile: note?.keyFile
        )
    }

    /// Removes what a state of the vault's file has.
    ///
    /// - Returns: Their paths.
    func remove(where isDue: (KDBXCopy) -> Bool) -> [String] {
        Self.writing.withLock { _ in
            let paths = found().filter { isDue(copy($0)) }
            for path in paths { Self.remove(path) }
            return paths
        }
    }

    /// Notes of files whether the vault's file is known to have them.
    ///
    /// - Parameters:
    ///   - duplicated: Its SHA-256 in hex; nil where it isn't known to have them any more.
    ///   - isDue: Which ones.
    /// - Returns: Whether there are any.
    @discardableResult
    func note(duplicated: String?, where isDue: (KDBXCopy) -> Bool) -> Bool {
        Self.writing.withLock { _ in
            let copies = found().map(copy).filter(isDue)
            for copy in copies {
                guard let path = copy.path else { continue }
                // Without that it is merged by the next unlock all the same.
                _ = try? Self.note(of: path).write(
                    KDBXSavesNote(copy.saves, of: vault, duplicated: duplicated, keyFile: copy.keyFile)
                )
            }
            return !copies.isEmpty
        }
    }

    /// Takes over what is kept of the same file under the path that it had before it was moved.
    ///
    /// That it is the same one shows where something is noted to be a duplicate of just what is in the file now, and no file is
    /// where it was; one that is still there may be a vault of its own.
    ///
    /// - Parameters:
    ///   - digest: SHA-256 of what is in the vault's file now, in hex.
    ///   - otherVaults: The paths of the configuration's other vaults: what is kept for them stays theirs.
    /// - Returns: The former paths.
    func takeOver(asIn digest: String, otherVaults: Set<String>) -> Set<String> {
        Self.writing.withLock { _ in
            // Without the folder there is nothing in it.
            let files = (try? FileManager.default.contentsOfDirectory(atPath: state)) ?? []
            let strays = Self.strays(among: files, in: state, but: [vault])
            let former = Set(strays.filter { $0.duplicated == digest }.compactMap(\.vault)).filter {
                !otherVaults.contains($0) && Self.isGone($0)
            }
            for stray in strays where stray.vault.map(former.contains) ?? false { takeOver(stray.path) }
            return former
        }
    }

    private func takeOver(_ former: String) {
        let note = Self.note(of: former)
        guard let known = note.readIfUsable(), let path = names.first(where: { FileStamp($0) == nil }) else {
            return
        }
        do {
            // First, as in `write`.
            _ = try Self.note(of: path).write(
                KDBXSavesNote(known.known, of: vault, duplicated: known.file, keyFile: known.keyFile)
            )
            try FileManager.default.moveItem(atPath: former, toPath: path)
        } catch {
            // It stays where it is, and the next unlock tries it again.
            return SafeFile.remove(Self.note(of: path).path)
        }
        SafeFile.remove(note.path)
    }

    private static func isGone(_ path: String) -> Bool {
        do throws(SystemCallError) {
            _ = try FileBytes.resolved(path)
            return false
        } catch {
            return error.code == ENOENT || error.code == ENOTDIR
        }
    }

    private func oldestFirst() -> [String] {
        found().map { (path: $0, time: FileStamp($0)?.seconds ?? 0) }.enumerated().sorted { left, right in
            (left.element.time, left.offset) < (right.element.time, right.offset)
        }.map(\.element.path)
    }

    private static func note(of path: String) -> StateFile<KDBXSavesNote> {
        StateFile(
            (path.split(separator: "/").last.map(String.init) ?? "") + ".json",
            in: SafeFile.parent(of: path),
            longest: 16 << 20
        )
    }

    private static func remove(_ path: String) {
        for path in [path, note(of: path).path] { SafeFile.remove(path) }
    }

    private var names: [String] {
        let first = state + "/" + KDBXIdentity.name(of: vault, ending: "keybell-saved")
        return [first] + (2...Self.most).map { "\(first)-\($0)" }
    }
}

/// A file in the state folder with what Keybell had saved in a vault that the configuration doesn't have, or has elsewhere.
package struct KDBXStrayFile: Equatable, Sendable {
    /// Where it is.
    package let path: String
    /// The vault's file, as the configuration had it; nil where that isn't noted any more.
    package let vault: String?
    /// SHA-256 of the vault's file that is known to have it all, in hex; nil where none is.
    package let duplicated: String?
}

/// What a file is kept for, beside it: nothing in it comes from what is encrypted there but the entries' UUIDs, and when they
/// were changed.
private struct KDBXSavesNote: Codable {
    struct Save: Codable {
        let mark: UInt64
        let head: UInt64
        let tail: UInt64
        /// In seconds since 1970.
        let modified: Int64?
        let successor: Int64?
        /// Nil in notes of earlier versions.
        let isReplaced: Bool?
    }

    let saves: [Save]
    /// The vault's file, as the configuration had it.
    let vault: String
    /// SHA-256 of the vault's file that has it all, in hex.
    let file: String?
    /// Where the vault's key file was, if it had one.
    let keyFile: String?

    init(_ known: KDBXSaves, of vault: String, duplicated: String?, keyFile: String?) {
        self.vault = vault
        self.keyFile = keyFile
        saves = known.saves.map { mark, save in
            Save(
                mark: mark,
                head: save.entry.head,
                tail: save.entry.tail,
                modified: save.modified?.unix,
                successor: save.successor?.unix,
                isReplaced: save.isReplaced
            )
        }
        file = duplicated
    }

    var known: KDBXSaves {
        let pairs = saves.map { save in
            let known = KDBXSaves.Save(
                entry: Identifier(head: save.head, tail: save.tail),
                modified: save.modified.map { Timestamp(unix: $0) },
                successor: save.successor.map { Timestamp(unix: $0) },
                isReplaced: save.isReplaced ?? false
            )
            return (save.mark, known)
        }
        return KDBXSaves(Dictionary(pairs) { first, _ in first })
    }
}
