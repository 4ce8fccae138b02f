// SPDX-License-Identifier: Apache-2.0

package import SecureMemory
import Synchronization

/// Does a key derivation: in this process, or better in another one, which can be ended.
///
/// One for each unlock: once ended, it stays ended.
package protocol KeyDeriver: AnyObject, Sendable {
    /// Does a derivation and waits for it; takes as long as the file's owner has chosen, so it is never called on an
    /// actor.
    ///
    /// - Parameters:
    ///   - derivation: Which one.
    ///   - key: What is derived from.
    ///   - limits: What it may cost.
    /// - Returns: The derived key, 32 bytes.
    /// - Throws: `tooCostly`, `cancelled` after `end`, `failed`.
    func derive(_ derivation: KeyDerivation, from key: SecretBytes, limits: KDBXLimits) throws(KDBXError)
        -> SecretBytes

    /// Ends what is being derived, from any thread, and whatever comes after it.
    func end()
}

/// Derives in this process: simple, but Argon2 can't be ended, nor AES at a deadline.
package final class DirectDeriver: KeyDeriver {
    private let isEnded = Atomic(false)

    /// For tests, and for the process that does nothing else.
    package init() {}

    /// Does a derivation on this thread.
    package func derive(
        _ derivation: KeyDerivation,
        from key: SecretBytes,
        limits: KDBXLimits
    ) throws(KDBXError) -> SecretBytes {
        try derivation.derive(from: key, limits: limits) {
            isEnded.load(ordering: .relaxed) || Task.isCancelled
        }
    }

    /// Ends rounds of AES.
    package func end() { isEnded.store(true, ordering: .relaxed) }
}
