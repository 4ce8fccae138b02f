// SPDX-License-Identifier: Apache-2.0

import Linux

/// A former content of a vault's file, which a save keeps.
package struct KDBXBackup: Equatable, Sendable {
    /// Where it is.
    package let path: String
    /// When that content was written, in seconds since 1970.
    package let time: Int64

    /// Where the former content goes if the file has to be written in place.
    static func inState(_ state: String, of vault: String) -> String {
        state + "/" + KDBXIdentity.name(of: vault, ending: "kdbx-backup")
    }

    /// Where it goes instead if what is there has to stay.
    static func second(_ backup: String) -> String { backup + "-2" }

    /// What was kept of a vault's file, the newest first.
    ///
    /// It blocks.
    ///
    /// - Parameters:
    ///   - vault: The file's path, as the configuration has it.
    ///   - state: The state folder.
    /// - Returns: What is there and isn't empty.
    package static func found(of vault: String, state: String) -> [KDBXBackup] {
        // A missing file was where the path says, as far as one can tell.
        let file = (try? FileBytes.resolved(vault)) ?? vault
        let inState = inState(state, of: vault)
        var paths = [FileReplacement.backup(of: file), inState, second(inState)]
        if file != vault { paths.append(FileReplacement.backup(of: vault)) }
        return newestFirst(paths)
    }

    /// Which of these files is the newest; nil where none is there that isn't empty.
    ///
    /// It blocks.
    static func newest(of paths: [String]) -> KDBXBackup? { newestFirst(paths).first }

    private static func newestFirst(_ paths: [String]) -> [KDBXBackup] {
        paths.compactMap { path in
            guard let stamp = FileStamp(path), stamp.size > 0 else { return nil }
            return KDBXBackup(path: path, time: stamp.seconds)
        }.sorted { $0.time > $1.time }
    }
}
