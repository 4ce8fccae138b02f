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
    static let cure =
        "The next `keybell unlock` merges it by the same password and key file, also where that password is typed first and another opens the file; or merge it in KeePassXC (Database, Merge) and remove it."
}
