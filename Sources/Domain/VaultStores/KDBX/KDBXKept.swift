// SPDX-License-Identifier: Apache-2.0

import Glibc
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

    /// What is kept for a vault, the oldest first as a rule.
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

    /// What is kept, the oldest first as a rule.
    func found() -> [String] {
        names.filter { FileStamp($0) != nil }
    }

    /// Keeps a database.
    ///
    /// - Parameter bytes: The whole file.
    /// - Returns: Where it is.
    /// - Throws: Why it can be kept nowhere.
    func write(_ bytes: [UInt8]) throws(SystemCallError) -> String {
        try SafeFile.makeFolder(state)
        guard let path = names.first(where: { FileStamp($0) == nil }) else {
            throw SystemCallError(call: "open", code: EEXIST)
        }
        try SafeFile.write(bytes, to: path)
        return path
    }

    /// Removes what is in the vault's file by now.
    static func remove(_ path: String) {
        unsafe unlink(path)
    }

    private var names: [String] {
        let first = state + "/" + KDBXIdentity.name(of: vault, ending: "keybell-saved")
        return [first] + (2...Self.most).map { "\(first)-\($0)" }
    }
}
