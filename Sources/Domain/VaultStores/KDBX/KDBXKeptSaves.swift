// SPDX-License-Identifier: Apache-2.0

import KDBX
import Linux
import SecureMemory
import Synchronization
import Vault

/// A state of a vault that its file can't take, or has as well.
struct KDBXCopy: Sendable {
    /// Where it is kept; nil for one that is in memory alone.
    let path: String?
    /// The whole file, encrypted, of one that is in memory alone.
    let bytes: [UInt8]?
    /// What it is kept for.
    let saves: KDBXSaves
    /// SHA-256 of the vault's file that is known to have it all, in hex; nil where none is.
    var duplicated: String?
    /// Where the key file was that the vault had then; nil where it had none, or that isn't known.
    var keyFile: String?
}

/// Keeps what Keybell had saved in a vault.
///
/// What the file can't take is in the state folder, and in memory, encrypted, as long as it can't be written there. What the
/// file has, and may lose once nobody follows it, is in the state folder, too.
///
/// What is kept goes only where the vault's file has it for certain, or a later copy has it. What reads or writes the state
/// folder blocks, until a deadline: after that, what was known of the folder before counts, and nothing is removed.
final class KDBXKeptSaves: Sendable {
    private struct State {
        /// What is in memory alone, and so lost when the daemon ends; of what the vault's file has, a duplicate.
        var copies: [KDBXCopy] = []
        /// Why the state folder hasn't taken something.
        var reason: String?
        /// What was in the state folder when that was last looked at.
        var found: [KDBXCopy] = []

        /// What there is, as far as known.
        var all: [KDBXCopy] { found + copies }

        /// Whether there is something in memory that the vault's file isn't known to have.
        var isAnyInMemory: Bool { copies.contains { $0.duplicated == nil } }
    }

    private let files: KDBXKeptFiles
    /// The vault's name, for texts that people read.
    private let name: String
    private let state = Mutex(State())
    /// From reading what there is to the last byte written nothing else is done: what one removes another must not write
    /// after that.
    let folder: FolderAccess

    /// - Parameters:
    ///   - name: The vault's name.
    ///   - path: The vault's file, as the configuration has it.
    ///   - state: The state folder.
    ///   - timeout: How long the state folder may take.
    init(name: String, path: String, state: String, timeout: Duration = .seconds(10)) {
        self.name = name
        files = KDBXKeptFiles(vault: path, state: state)
        folder = FolderAccess(label: "org.keybell.kdbx.kept", timeout: timeout)
    }

    /// Why something that was saved is in memory alone, and what to do about it; nil if nothing is.
    var trouble: String? {
        state.withLock { $0.isAnyInMemory ? $0.reason : nil }.map {
            "What Keybell saved in \(name) is in memory alone, and lost when Keybell ends, for neither the vault's file nor \(files.state) takes it (\($0)): make room in that folder, or mend the file."
        }
    }

    /// Why what the vault's file has is nowhere else, though it was saved, and what to do about it; nil where it isn't so.
    var missingDuplicate: String? {
        let reason = state.withLock { state in
            state.copies.contains { $0.duplicated != nil } ? state.reason : nil
        }
        return reason.map {
            "What Keybell saved last in \(name) is in the vault's file, and has no copy in \(files.state) (\($0)): once Keybell has ended, a program that writes an older state into the file undoes it. Make room in that folder."
        }
    }

    /// Why what was kept before may not be in the vault yet; nil while the state folder answers.
    var delay: String? {
        guard folder.isHanging else { return nil }
        return
            "What Keybell saved in \(name) before may be missing in it, for \(files.state) doesn't answer: see whether the disk or server that it is on does. It is put into the vault once that answers."
    }

    /// What was in the state folder, and the vault's file isn't known to have, when that was last looked at.
    var paths: [String] {
        state.withLock { $0.found.filter { $0.duplicated == nil }.compactMap(\.path) }
    }

    /// Whether something is in memory alone, and the vault's file isn't known to have it.
    var isAnyInMemory: Bool { state.withLock { $0.isAnyInMemory } }

    /// Whether the state folder still has to take something.
    var isAnyUnwritten: Bool { state.withLock { !$0.copies.isEmpty } }

    /// Whether there is anything that the file isn't known to have, as far as known.
    var isAnyKept: Bool { isAnyInMemory || !paths.isEmpty }

    /// Whether the state folder has taken too long, and hasn't answered since.
    var isHanging: Bool { folder.isHanging }

    /// Returns once the state folder answers, however long that takes; it doesn't block.
    func answers() async { await folder.answers() }

    /// Looks at the state folder, once more tries to keep there what is in memory alone, and says what there is.
    ///
    /// - Returns: What there was before, where that takes too long.
    @discardableResult
    func look() -> [KDBXCopy] {
        folder.result { self.lookNow() } ?? state.withLock { $0.all }
    }

    private func lookNow() -> [KDBXCopy] {
        for copy in state.withLock({ $0.copies }) {
            guard let bytes = copy.bytes else { continue }
            do throws(SystemCallError) {
                _ = try files.write(
                    bytes,
                    saves: copy.saves,
                    duplicated: copy.duplicated,
                    keyFile: copy.keyFile
                )
                state.withLock { $0.copies.removeAll { $0.saves == copy.saves } }
            } catch {
                let reason = error.words
                state.withLock { $0.reason = reason }
            }
        }
        let found = files.found().map(files.copy)
        return state.withLock { state in
            state.found = found
            return state.all
        }
    }

    /// Whether all that was saved in a state is kept already, if only in memory.
    func has(_ saves: KDBXSaves) -> Bool {
        var all = KDBXSaves()
        for copy in look() { all.add(copy.saves) }
        return all.contains(saves)
    }

    /// Keeps a state.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - saves: What it is kept for.
    ///   - keyFile: Where the key file is that opens it.
    func keep(_ bytes: [UInt8], saves: KDBXSaves, keyFile: String? = nil) {
        state.withLock { state in
            state.copies.removeAll { saves.contains($0.saves) }
            state.copies.append(KDBXCopy(path: nil, bytes: bytes, saves: saves, keyFile: keyFile))
        }
        let looked: [KDBXCopy]? = folder.result { self.lookNow() }
        guard looked == nil else { return }
        state.withLock { $0.reason = SystemCallError.noAnswer.words }
    }

    /// Drops what the vault's file has for certain by now, but for one duplicate; that is in memory where the state folder
    /// doesn't take it.
    ///
    /// - Parameters:
    ///   - saves: What the file has.
    ///   - bytes: What is in it.
    ///   - digest: Its SHA-256.
    ///   - keyFile: Where the key file is that opens it.
    /// - Returns: The files that were removed, and aren't duplicates.
    func drop(
        _ saves: KDBXSaves,
        in bytes: [UInt8],
        _ digest: [UInt8],
        keyFile: String? = nil
    ) -> [String] {
        let (hex, duplicate) = (
            Hex.text(digest),
            KDBXCopy(path: nil, bytes: bytes, saves: saves, duplicated: Hex.text(digest), keyFile: keyFile)
        )
        // Until it is written, but no more than what was in memory before.
        state.withLock { state in
            guard state.copies.contains(where: { saves.contains($0.saves) }) else { return }
            state.copies.removeAll { saves.contains($0.saves) }
            state.copies.append(duplicate)
        }
        return folder.result { [self] in
            defer { _ = lookNow() }
            let isDue = { (copy: KDBXCopy) in copy.duplicated == nil && saves.contains(copy.saves) }
            let copies = files.found().map(files.copy)
            if !copies.contains(where: { $0.duplicated == hex && $0.saves == saves }) {
                do throws(SystemCallError) {
                    try files.write(bytes, saves: saves, duplicated: hex, keyFile: keyFile)
                } catch {
                    let reason = error.words
                    state.withLock { $0.reason = reason }
                    // There is no room for another one, so these are the duplicates.
                    if files.note(duplicated: hex, where: isDue) { forgetInMemory(saves) }
                    return []
                }
            }
            forgetInMemory(saves)
            return files.remove(where: isDue)
        } ?? []
    }

    private func forgetInMemory(_ saves: KDBXSaves) {
        state.withLock { $0.copies.removeAll { saves.contains($0.saves) } }
    }

    // MARK: - Duplicates

    /// Keeps what was just written into the vault's file, instead of the duplicate of its former content; in memory where
    /// the state folder doesn't take it.
    ///
    /// - Parameters:
    ///   - bytes: What was written.
    ///   - saves: What it is kept for.
    ///   - known: The same with what needn't be remembered any more.
    ///   - digest: Its SHA-256.
    ///   - keyFile: Where the key file is that opens it.
    /// - Throws: Why it is in memory alone; that it takes too long, too: it may yet be written.
    func writeDuplicate(
        _ bytes: [UInt8],
        saves: KDBXSaves,
        replacing known: KDBXSaves,
        _ digest: [UInt8],
        keyFile: String?
    ) throws(SystemCallError) {
        guard !saves.isEmpty else { return }
        let outcome = folder.result { [self] () -> Result<Void, SystemCallError> in
            do throws(SystemCallError) {
                try files.write(
                    bytes,
                    saves: saves,
                    duplicated: Hex.text(digest),
                    replacing: known,
                    keyFile: keyFile
                )
            } catch {
                return .failure(error)
            }
            // What is later than these is written.
            state.withLock { $0.copies.removeAll { $0.duplicated != nil && known.contains($0.saves) } }
            _ = lookNow()
            return .success(())
        }
        do throws(SystemCallError) {
            guard let outcome else { throw .noAnswer }
            try outcome.get()
        } catch {
            let reason = error.words
            state.withLock { state in
                state.copies.removeAll { $0.duplicated != nil && known.contains($0.saves) }
                state.copies.append(
                    KDBXCopy(
                        path: nil,
                        bytes: bytes,
                        saves: saves,
                        duplicated: Hex.text(digest),
                        keyFile: keyFile
                    )
                )
                state.reason = reason
            }
            throw error
        }
    }

    /// Whether it had just this when the state folder was last looked at.
    func hasDuplicate(of saves: KDBXSaves, _ digest: [UInt8]) -> Bool {
        let digest = Hex.text(digest)
        return state.withLock { $0.found.contains { $0.duplicated == digest && $0.saves == saves } }
    }

    /// What the vault's file has, if it has this digest; also what was kept for it where it was before it was moved.
    ///
    /// - Parameters:
    ///   - digest: SHA-256 of what is in the file.
    ///   - otherVaults: The paths of the configuration's other vaults.
    /// - Returns: What Keybell had saved.
    func savesOfDuplicates(of digest: [UInt8], otherVaults: Set<String> = []) -> KDBXSaves {
        let digest = Hex.text(digest)
        _ = folder.result { self.files.takeOver(asIn: digest, otherVaults: otherVaults) }
        var saves = KDBXSaves()
        for copy in look() where copy.duplicated == digest { saves.add(copy.saves) }
        return saves
    }

    /// From now on they are none: the file isn't known to have them.
    ///
    /// - Returns: Whether there are any.
    @discardableResult
    func noteMissing(where isMissing: @escaping @Sendable (KDBXCopy) -> Bool) -> Bool {
        let isInMemory = state.withLock { state in
            let missing = state.copies.indices.filter {
                state.copies[$0].duplicated != nil && isMissing(state.copies[$0])
            }
            for index in missing { state.copies[index].duplicated = nil }
            return !missing.isEmpty
        }
        let isInFolder = folder.result { [self] in
            defer { _ = lookNow() }
            return files.note(duplicated: nil) { $0.duplicated != nil && isMissing($0) }
        }
        return isInMemory || isInFolder ?? false
    }

    /// The bytes of a copy.
    func bytes(of copy: KDBXCopy) throws(SystemCallError) -> [UInt8] {
        if let bytes = copy.bytes { return bytes }
        let outcome = folder.result { () -> Result<[UInt8], SystemCallError> in
            do throws(SystemCallError) {
                return .success(try FileBytes.read(copy.path ?? "", limit: KDBXReader.sizeLimit))
            } catch {
                return .failure(error)
            }
        }
        guard let outcome else { throw .noAnswer }
        return try outcome.get()
    }
}
