// SPDX-License-Identifier: Apache-2.0

import DisplayText

/// What is said about saves that could not be put into a vault's file.
enum KeptSavesText {
    /// Where they are.
    static func sentence(_ paths: [String]) -> String {
        "What Keybell had saved is missing in its file, and kept in "
            + paths.map { PlainText.cleaned($0) }.joined(separator: ", ")
            + " under the key that the vault had then."
    }

    /// What to do about it.
    ///
    /// - Parameters:
    ///   - vault: The vault's name.
    ///   - keyFiles: The key files that the vault had then, where they are known.
    /// - Returns: Whole sentences.
    static func cure(_ vault: String, keyFiles: [String] = []) -> String {
        let files =
            keyFiles.isEmpty
            ? "" : " (" + keyFiles.map { PlainText.cleaned($0) }.joined(separator: ", ") + ")"
        return
            "`keybell unlock \(ShellWord.quoting(vault))` merges it, and asks for the former password if another opens the vault now; a former key file must be in its place\(files). Or merge it in KeePassXC (Database, Merge), which wants the former password and key file, and remove it."
    }
}
