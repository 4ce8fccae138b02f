// SPDX-License-Identifier: Apache-2.0

import Ciphers

/// A digest of what makes two questions the same beyond what they show; none of the parts may be a secret.
///
/// Each part goes in with its length, so that no two lists of parts run together.
func questionDigest(_ parts: String...) -> [UInt8] {
    questionDigest(parts)
}

/// The same for a list.
func questionDigest(_ parts: [String]) -> [UInt8] {
    Digest.sha256(parts.flatMap { part in Array("\(part.utf8.count):\(part)".utf8) })
}
