// SPDX-License-Identifier: Apache-2.0

import Ciphers
package import SecureMemory

/// What opens a file: a password, a key file, both, perhaps with the secret of a challenge-response key.
package struct CompositeKey: Sendable {
    private let parts: [SecretBytes]
    /// The secret that a hardware key would answer challenges with, for those who keep a copy of it.
    let challengeSecret: SecretBytes?

    /// Puts a key together.
    ///
    /// An empty password is a password; it isn't the same as none.
    /// - Parameters:
    ///   - password: The password in UTF-8, or nil for none.
    ///   - keyFile: What is in the key file, or nil for none.
    ///   - challengeSecret: The secret of an HMAC-SHA-1 challenge-response key, or nil for none.
    /// - Throws: `noKey` without any part, `keyFile` if the key file is of no use.
    package init(
        password: SecretBytes?,
        keyFile: [UInt8]? = nil,
        challengeSecret: SecretBytes? = nil
    ) throws(KDBXError) {
        var parts: [SecretBytes] = []
        if let password { parts.append(Digest.secretSHA256(password)) }
        if let keyFile { parts.append(try KeyFile.key(of: keyFile)) }
        guard !parts.isEmpty || challengeSecret != nil else { throw .noKey }
        self.parts = parts
        self.challengeSecret = challengeSecret
    }

    /// Derives the file's key from it, as a header says; takes as long as the file's owner has chosen.
    func derived(
        by derivation: KeyDerivation,
        of version: FormatVersion,
        _ limits: KDBXLimits,
        _ deriver: any KeyDeriver
    ) throws(KDBXError) -> DerivedKey {
        var parts = parts
        // Version 4 mixes the answer in here, version 3 only later.
        if version.isModern, let challengeSecret {
            parts.append(Self.answer(to: derivation.challenge, with: challengeSecret))
        }
        let whole = Digest.secretSHA256(SecretBytes.joining(parts))
        let transformed = try deriver.derive(derivation, from: whole, limits: limits)
        return DerivedKey(derivation: derivation, transformed: transformed, challengeSecret: challengeSecret)
    }

    fileprivate static func answer(to challenge: [UInt8], with secret: SecretBytes) -> SecretBytes {
        Digest.secretSHA256(SecretBytes(copying: HMAC.sha1(key: secret, challenge)))
    }
}

/// A key after its derivation: good for this file, and for checking it once more, until it is written anew.
package struct DerivedKey: Sendable {
    let derivation: KeyDerivation
    let transformed: SecretBytes
    let challengeSecret: SecretBytes?

    /// The key that the content is encrypted with.
    func contentKey(for header: OuterHeader) throws(KDBXError) -> SecretBytes {
        let seed = try header.masterSeed
        var parts = [SecretBytes(copying: seed)]
        if !header.version.isModern, let challengeSecret {
            parts.append(CompositeKey.answer(to: seed, with: challengeSecret))
        }
        return Digest.secretSHA256(SecretBytes.joining(parts + [transformed]))
    }

    /// The keys that version 4 authenticates header and blocks with.
    func blockKeys(for header: OuterHeader) throws(KDBXError) -> BlockKeys {
        let parts = [SecretBytes(copying: try header.masterSeed), transformed, SecretBytes(copying: [1])]
        return BlockKeys(base: Digest.secretSHA512(SecretBytes.joining(parts)))
    }
}

/// A key for each block of version 4, and one for the header.
struct BlockKeys {
    let base: SecretBytes

    static let header = UInt64.max

    func key(_ index: UInt64) -> SecretBytes {
        let number = SecretBytes(copying: index.littleEndianBytes)
        return Digest.secretSHA512(SecretBytes.joining([number, base]))
    }
}
