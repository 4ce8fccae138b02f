// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory

/// What clients know a vault by.
package enum VaultHash {
    /// The Hash of a vault: 40 hex digits.
    ///
    /// - Parameters:
    ///   - root: The root group's uuid, in upper-case hex.
    ///   - recycleBin: The recycle bin's, zeros if there isn't one.
    /// - Returns: SHA-1 over both, as the plugin computes it.
    package static func of(root: String, recycleBin: String) -> String {
        Hex.text(Digest.sha1(Array((root + recycleBin).utf8)))
    }
}
