// SPDX-License-Identifier: Apache-2.0

import Glibc
import Linux

/// What Keybell had saved and could not put back into a vault's file: each time a database of its own beside it, or in
/// the state folder where nothing can be written there, under the key that the vault had then.
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
        (names(besides) + names(inState)).filter { FileStamp($0) != nil }
    }

    /// Keeps a database.
    ///
    /// - Parameter bytes: The whole file.
    /// - Returns: Where it is.
    /// - Throws: Why it can be kept nowhere.
    func write(_ bytes: [UInt8]) throws(SystemCallError) -> String {
        do throws(SystemCallError) {
            return try write(bytes, as: names(besides))
        } catch {
            try SafeFile.makeFolder(state)
            return try write(bytes, as: names(inState))
        }
    }

    /// Removes what is in the vault's file by now.
    static func remove(_ path: String) {
        unsafe unlink(path)
    }

    private func write(_ bytes: [UInt8], as names: [String]) throws(SystemCallError) -> String {
        guard let path = names.first(where: { FileStamp($0) == nil }) else {
            throw SystemCallError(call: "open", code: EEXIST)
        }
        try SafeFile.write(bytes, to: path)
        return path
    }

    private var besides: String {
        // A file that has gone is where the path says, as far as one can tell.
        ((try? FileBytes.resolved(vault)) ?? vault) + ".keybell-saved"
    }

    private var inState: String {
        state + "/" + KDBXIdentity.name(of: vault, ending: "keybell-saved")
    }

    private func names(_ first: String) -> [String] {
        [first] + (2...Self.most).map { "\(first)-\($0)" }
    }
}
