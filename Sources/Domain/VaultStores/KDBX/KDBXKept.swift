// SPDX-License-Identifier: Apache-2.0

import Glibc
import KDBX
import Linux

/// What Keybell had saved and could not put back into a vault's file: each time a database of its own in the state folder,
/// under the key that the vault had then.
///
/// The state folder is this user's alone. Beside the vault's file others may write, and what they put there under a
/// former, known password would be merged like what Keybell had saved.
package struct KDBXKept: Sendable {
    /// No vault has more of them.
    private static let most = 9

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

    /// Keeps a database.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - saved: The entries that it is kept for.
    /// - Returns: Where it is.
    /// - Throws: Why it can't be kept anywhere.
    func write(_ bytes: [UInt8], saved: Set<Identifier>) throws(SystemCallError) -> String {
        try SafeFile.makeFolder(state)
        guard let path = names.first(where: { FileStamp($0) == nil }) else {
            throw SystemCallError(call: "open", code: EEXIST)
        }
        // First, for without it nothing of the file is merged.
        _ = try Self.entries(of: path).write(saved.map { [$0.head, $0.tail] })
        try SafeFile.write(bytes, to: path)
        return path
    }

    /// The entries that a file is kept for; none where that isn't known.
    func saved(in path: String) -> Set<Identifier> {
        Set(
            (Self.entries(of: path).readIfUsable() ?? []).compactMap {
                $0.count == 2 ? Identifier(head: $0[0], tail: $0[1]) : nil
            }
        )
    }

    private static func entries(of path: String) -> StateFile<[[UInt64]]> {
        StateFile(
            (path.split(separator: "/").last.map(String.init) ?? "") + ".json",
            in: SafeFile.parent(of: path)
        )
    }

    /// Removes what is in the vault's file by now.
    static func remove(_ path: String) {
        for path in [path, entries(of: path).path] { SafeFile.remove(path) }
    }

    private var names: [String] {
        let first = state + "/" + KDBXIdentity.name(of: vault, ending: "keybell-saved")
        return [first] + (2...Self.most).map { "\(first)-\($0)" }
    }
}
