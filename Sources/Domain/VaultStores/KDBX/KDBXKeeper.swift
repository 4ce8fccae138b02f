// SPDX-License-Identifier: Apache-2.0

import KDBX
import Linux
import Synchronization
import Vault

/// A state of a vault that its file can't take.
struct KDBXCopy: Sendable {
    /// Where it is kept; nil for one that is in memory alone.
    let path: String?
    /// The whole file, encrypted, of one that is in memory alone.
    let bytes: [UInt8]?
    /// What it is kept for.
    let saves: KDBXSaves
}

/// Keeps what Keybell had saved and a vault's file can't take: in the state folder, and in memory, encrypted, as long as
/// it can't be written there.
///
/// What is kept goes only where the vault's file, or a later copy, has it. All but ``trouble`` and ``paths`` blocks.
final class KDBXKeeper: Sendable {
    private struct State {
        /// What is in memory alone, and so lost when the daemon ends.
        var copies: [KDBXCopy] = []
        /// Why they are.
        var reason: String?
        /// Why something couldn't even be encrypted.
        var unencrypted: String?
        var paths: [String] = []
    }

    private let place: KDBXKept
    /// The vault's name, for texts that people read.
    private let name: String
    private let state = Mutex(State())
    /// Whoever tries to write what is in memory.
    private let looking = Mutex(())

    init(name: String, path: String, state: String) {
        self.name = name
        place = KDBXKept(vault: path, state: state)
    }

    /// Why something that was saved is in memory alone, and what to do about it; nil if nothing is.
    var trouble: String? {
        guard let reason = state.withLock({ $0.reason ?? $0.unencrypted }) else { return nil }
        return
            "What Keybell saved in \(name) is in memory alone, and lost when Keybell ends, for neither the vault's file nor \(place.state) takes it (\(reason)): make room in that folder, or mend the file."
    }

    /// What was in the state folder when that was last looked at.
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
        let paths = place.found()
        let copies = state.withLock { state in
            state.paths = paths
            if state.copies.isEmpty { state.reason = nil }
            return state.copies
        }
        return paths.map { KDBXCopy(path: $0, bytes: nil, saves: place.saves(in: $0)) } + copies
    }

    /// Whether all that was saved in a state is kept already, if only in memory.
    func has(_ saves: KDBXSaves) -> Bool {
        var all = KDBXSaves()
        for copy in look() { all.add(copy.saves) }
        guard all.contains(saves) else { return false }
        state.withLock { $0.unencrypted = nil }
        return true
    }

    /// Keeps a state.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - saves: What it is kept for.
    func keep(_ bytes: [UInt8], saves: KDBXSaves) {
        state.withLock { state in
            state.copies.removeAll { saves.contains($0.saves) }
            state.copies.append(KDBXCopy(path: nil, bytes: bytes, saves: saves))
            state.unencrypted = nil
        }
        look()
    }

    /// Notes that a state couldn't even be encrypted.
    func isNotEncrypted(_ error: VaultError) {
        state.withLock { $0.unencrypted = "\(error)" }
    }

    /// Drops what the vault's file has by now, as was just read or written.
    ///
    /// - Returns: The files that were removed.
    func drop(_ saves: KDBXSaves) -> [String] {
        state.withLock { state in
            state.copies.removeAll { saves.contains($0.saves) }
            state.unencrypted = nil
        }
        let removed = place.removeAll(in: saves)
        look()
        return removed
    }

    /// The bytes of a copy.
    func bytes(of copy: KDBXCopy) throws(SystemCallError) -> [UInt8] {
        if let bytes = copy.bytes { return bytes }
        return try FileBytes.read(copy.path ?? "", limit: KDBXReader.sizeLimit)
    }
}
