// SPDX-License-Identifier: Apache-2.0

import XMLTree

/// How much a file may cost: whoever alters one must not be able to keep this computer busy for a day or take all its
/// memory.
package struct KDBXLimits: Hashable, Sendable {
    /// How long a derivation may take if it can be ended.
    package var seconds = 20
    /// Rounds of AES-KDF; a second is some tens of millions.
    package var aesRounds: UInt64 = 1_000_000_000
    /// Bytes of memory for Argon2.
    package var argon2Memory: UInt64 = 2 << 30
    /// Bytes of memory times passes for Argon2, including what its threads cost; a second is some gibibytes.
    package var argon2Work: UInt64 = 128 << 30
    /// Threads for Argon2.
    package var argon2Threads: UInt32 = 64
    /// Bytes of content once decompressed.
    package var contentSize = 1 << 30
    /// Bytes of content that one byte of the file may become, beyond what any file may have.
    ///
    /// Databases compress to a tenth or a twentieth; it takes attachments of little else than zeros for more than this.
    package var contentRatio = 128
    /// Bytes of content that any file may have.
    package var freeContentSize = 64 << 20

    /// The limits that suit most computers; each can be set.
    package init() {}

    /// What a configuration allows; what takes longer for certain, on whatever computer, is refused before it begins.
    package init(seconds: Int, mebibytes: Int) {
        self.seconds = max(min(seconds, 86_400), 1)
        argon2Memory = UInt64(clamping: min(mebibytes, 1 << 22)) << 20
        aesRounds = UInt64(self.seconds) * 200_000_000
        argon2Work = UInt64(self.seconds) * 16 << 30
    }

    /// How much may come out of compressed bytes.
    func inflated(from count: Int) -> Int {
        min(
            contentSize,
            max(freeContentSize, count.multipliedReportingOverflow(by: contentRatio).partialValue)
        )
    }

    /// How many elements a file may have, by the size of its content in the file: each one that programs write takes
    /// several bytes even when compressed.
    func nodes(in count: Int) -> Document.Limits { Document.Limits(nodes: 262_144 + 2 * count) }
}
