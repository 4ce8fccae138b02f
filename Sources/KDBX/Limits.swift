// SPDX-License-Identifier: Apache-2.0

/// How much a file may cost: who alters one may not keep this computer busy for a day or take all its memory.
package struct Limits: Hashable, Sendable {
    /// Rounds of AES-KDF; a second is some tens of millions.
    package var aesRounds: UInt64 = 1_000_000_000
    /// Bytes of memory for Argon2.
    package var argon2Memory: UInt64 = 2 << 30
    /// Bytes of memory times passes for Argon2; a second is one or two gibibytes.
    package var argon2Work: UInt64 = 128 << 30
    /// Threads for Argon2.
    package var argon2Threads: UInt32 = 64
    /// Bytes of content once decompressed.
    package var contentSize = 1 << 30

    /// The limits that suit most computers; each can be set.
    package init() {}
}
