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
}

/// Keeps what Keybell had saved in a vault.
///
/// What the file can't take is in the state folder, and in memory, encrypted, as long as it can't be written there. What the
/// file has, and may lose once nobody follows it, is in the state folder, too.
///
/// What is kept goes only where the vault's file has it for certain, or a later copy has it. What reads or writes the state
/// folder blocks.
final class KDBXKeptSaves: Sendable {
    private struct State {
        /// What is in memory alone, and so lost when the daemon ends.
        var copies: [KDBXCopy] = []
        /// Why they are.
        var reason: String?
        var paths: [String] = []
        /// What was in the state folder, and the vault's file had, too.
        var duplicates: [KDBXCopy] = []
    }

    private let place: KDBXKeptFiles
    /// The vault's name, for texts that people read.
    private let name: String
    private let state = Mutex(State())
    /// Whoever changes what is kept, from reading what there is to the last byte written: what one removes another must
    /// not write after that.
    private let looking = Mutex(())

    init(name: String, path: String, state: String) {
        self.name = name
        place = KDBXKeptFiles(vault: path, state: state)
    }

    /// Why something that was saved is in memory alone, and what to do about it; nil if nothing is.
    var trouble: String? {
        state.withLock { $0.reason }.map {
            "What Keybell saved in \(name) is in memory alone, and lost when Keybell ends, for neither the vault's file nor \(place.state) takes it (\($0)): make room in that folder, or mend the file."
        }
    }

    /// What was in the state folder, and the vault's file isn't known to have, when that was last looked at.
    var paths: [String] { state.withLock { $0.paths } }

    /// Looks at the state folder, once more tries to keep there what is in memory alone, and says what there is.
    @discardableResult
    func look() -> [KDBXCopy] {
        looking.withLock { _ in lookNow() }
    }

    private func lookNow() -> [KDBXCopy] {
        for copy in state.withLock({ $0.copies }) {
            guard let bytes = copy.bytes else { continue }
            do throws(SystemCallError) {
                _ = try place.write(bytes, saves: copy.saves)
                state.withLock { $0.copies.removeAll { $0.saves == copy.saves } }
            } catch {
                let reason = error.words
                state.withLock { $0.reason = reason }
            }
        }
        let found = place.found().map(place.copy)
        let copies = state.withLock { state in
            state.paths = found.filter { $0.duplicated == nil }.compactMap(\.path)
            state.duplicates = found.filter { $0.duplicated != nil }
            if state.copies.isEmpty { state.reason = nil }
            return state.copies
        }
        return found + copies
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
    func keep(_ bytes: [UInt8], saves: KDBXSaves) {
        looking.withLock { _ in
            state.withLock { state in
                state.copies.removeAll { saves.contains($0.saves) }
                state.copies.append(KDBXCopy(path: nil, bytes: bytes, saves: saves))
            }
            _ = lookNow()
        }
    }

    /// Whether something is in memory alone.
    var isAnyInMemory: Bool { state.withLock { !$0.copies.isEmpty } }

    /// Drops what the vault's file has for certain by now, but for one duplicate.
    ///
    /// - Parameters:
    ///   - saves: What the file has.
    ///   - bytes: What is in it.
    ///   - digest: Its SHA-256.
    /// - Returns: The files that were removed, and aren't duplicates.
    func drop(_ saves: KDBXSaves, in bytes: [UInt8], _ digest: [UInt8]) -> [String] {
        looking.withLock { _ in
            defer { _ = lookNow() }
            state.withLock { $0.copies.removeAll { saves.contains($0.saves) } }
            let digest = Hex.text(digest)
            let isDue = { (copy: KDBXCopy) in copy.duplicated == nil && saves.contains(copy.saves) }
            if !place.found().map(place.copy).contains(where: { $0.duplicated == digest && $0.saves == saves }
            ) {
                do throws(SystemCallError) {
                    try place.write(bytes, saves: saves, duplicated: digest)
                } catch {
                    // There is no room for another one, so these are the duplicates.
                    place.note(duplicated: digest, where: isDue)
                    return []
                }
            }
            return place.remove(where: isDue)
        }
    }

    // MARK: - Duplicates

    /// Keeps what was just written into the vault's file, in the former one's place.
    func writeDuplicate(_ bytes: [UInt8], saves: KDBXSaves, _ digest: [UInt8]) throws(SystemCallError) {
        guard !saves.isEmpty else { return }
        try looking.withLock { _ throws(SystemCallError) in
            try place.write(bytes, saves: saves, duplicated: Hex.text(digest))
            _ = lookNow()
        }
    }

    /// Whether it had just this when the state folder was last looked at.
    func hasDuplicate(of saves: KDBXSaves, _ digest: [UInt8]) -> Bool {
        let digest = Hex.text(digest)
        return state.withLock { $0.duplicates.contains { $0.duplicated == digest && $0.saves == saves } }
    }

    /// What the vault's file has, if it has this digest.
    func savesOfDuplicates(of digest: [UInt8]) -> KDBXSaves {
        let digest = Hex.text(digest)
        var saves = KDBXSaves()
        for copy in look() where copy.duplicated == digest { saves.add(copy.saves) }
        return saves
    }

    /// Removes the duplicates of what the file has for certain.
    func dropDuplicates(in digest: [UInt8]) {
        let digest = Hex.text(digest)
        looking.withLock { _ in
            _ = place.remove { $0.duplicated == digest }
            _ = lookNow()
        }
    }

    /// From now on they are none: the file isn't known to have them.
    ///
    /// - Returns: Whether there are any.
    @discardableResult
    func noteMissing(where isMissing: (KDBXCopy) -> Bool) -> Bool {
        looking.withLock { _ in
            defer { _ = lookNow() }
            return place.note(duplicated: nil) { $0.duplicated != nil && isMissing($0) }
        }
    }

    /// The bytes of a copy.
    func bytes(of copy: KDBXCopy) throws(SystemCallError) -> [UInt8] {
        if let bytes = copy.bytes { return bytes }
        return try FileBytes.read(copy.path ?? "", limit: KDBXReader.sizeLimit)
    }
}
