// SPDX-License-Identifier: Apache-2.0

import Glibc
import KDBX
import Linux
import Synchronization

/// What Keybell had saved and could not put back into a vault's file: each time a database of its own in the state folder,
/// under the key that the vault had then.
///
/// The state folder is this user's alone. Beside the vault's file others may write, and what they put there under a
/// former, known password would be merged like what Keybell had saved.
package struct KDBXKept: Sendable {
    /// No vault has more of them.
    private static let most = 99
    /// A vault that another configuration has anew may have the same files as the one that it lacked.
    private static let writing = Mutex(())

    /// The vault's file, as the configuration has it.
    let vault: String
    /// The state folder.
    let state: String

    /// What is kept for a vault, usually the oldest first.
    ///
    /// It blocks.
    ///
    /// - Parameters:
    ///   - vault: The file's path, as the configuration has it.
    ///   - state: The state folder.
    /// - Returns: Their paths.
    package static func found(of vault: String, state: String) -> [String] {
        KDBXKept(vault: vault, state: state).found()
    }

    /// What is kept, usually the oldest first.
    func found() -> [String] {
        names.filter { FileStamp($0) != nil }
    }

    /// Keeps a database, and removes what is kept of it in an earlier state.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - saves: What it is kept for.
    /// - Returns: Where it is.
    /// - Throws: Why it can't be kept anywhere.
    func write(_ bytes: [UInt8], saves: KDBXSaves) throws(SystemCallError) -> String {
        try Self.writing.withLock { _ throws(SystemCallError) in
            try SafeFile.makeFolder(state)
            guard let path = names.first(where: { FileStamp($0) == nil }) else {
                throw SystemCallError(call: "open", code: EEXIST)
            }
            // First, for without it nothing of the file is merged.
            var isCertain = try Self.note(of: path).write(KDBXSavesNote(saves))
            isCertain = try SafeFile.write(bytes, to: path) && isCertain
            guard isCertain else { return path }
            for former in found() where former != path && saves.contains(self.saves(in: former)) {
                Self.remove(former)
            }
            return path
        }
    }

    /// What a file is kept for; nothing where that isn't known.
    func saves(in path: String) -> KDBXSaves {
        Self.note(of: path).readIfUsable()?.saves ?? KDBXSaves()
    }

    /// Removes what a state of the vault's file has, too.
    ///
    /// - Returns: Their paths.
    func removeAll(in saves: KDBXSaves) -> [String] {
        Self.writing.withLock { _ in
            let paths = found().filter { saves.contains(self.saves(in: $0)) }
            for path in paths { Self.remove(path) }
            return paths
        }
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

/// What a file is kept for, beside it: nothing in it comes from what is encrypted there but the entries' UUIDs.
private struct KDBXSavesNote: Codable {
    let entries: [[UInt64]]
    let marks: [UInt64]

    init(_ saves: KDBXSaves) {
        entries = saves.entries.map { [$0.head, $0.tail] }
        marks = Array(saves.marks)
    }

    var saves: KDBXSaves {
        let known = entries.compactMap { $0.count == 2 ? Identifier(head: $0[0], tail: $0[1]) : nil }
        return KDBXSaves(entries: Set(known), marks: Set(marks))
    }
}
