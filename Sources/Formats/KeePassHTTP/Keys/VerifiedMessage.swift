// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory

/// A message could not be verified or decrypted.
///
/// There is one such error, whatever went wrong: telling a wrong padding from a wrong text would let an attacker
/// decrypt what others sent.
package struct VerificationFailure: Error, Equatable, Sendable {
    /// What the client is told.
    package static let sentence = "Couldn't verify request"

    /// The only one.
    package init() {}
}

/// A message whose signature was right, and the key that made it: what can be decrypted
/// (`VerifiedMessage+decrypting.swift`).
package struct VerifiedMessage: Sendable {
    /// The key of the one who signed.
    package let key: ClientKey
    /// The nonce of the message.
    package let nonce: Nonce
    /// Whether the message had an Hmac, and thus a right one.
    package let usedHmac: Bool

    /// Verifies the signature of a request.
    ///
    /// The signature of one of our replies isn't accepted, whoever sends it back. Every failure is the same error after
    /// the same work: first the Hmac over nonce and verifier, then the verifier. The verifier is the nonce's text,
    /// encrypted; so the text is encrypted and compared, and nothing is decrypted whose padding could be probed.
    /// - Parameters:
    ///   - signature: What the message claims.
    ///   - key: The key of the client that it claims to be from.
    /// - Throws: `VerificationFailure`.
    package init(verifying signature: RequestSignature, with key: ClientKey) throws(VerificationFailure) {
        self = try Self.verified(signature, with: key, isRequest: true)
    }

    /// Verifies the signature of a reply, whichever message it answers.
    init(verifyingReply signature: RequestSignature, with key: ClientKey) throws(VerificationFailure) {
        self = try Self.verified(signature, with: key, isRequest: false)
    }

    private static func verified(
        _ signature: RequestSignature,
        with key: ClientKey,
        isRequest: Bool
    ) throws(VerificationFailure) -> VerifiedMessage {
        let nonce = Nonce(base64: signature.nonce)
        let iv = nonce?.iv ?? .zero
        let verifier = bytes(signature.verifier, atMost: longestVerifier)
        let hmac = signature.hmac.map { bytes($0, atMost: hmacLength) }

        let expectedHmac = key.hmac.code(of: iv.bytes + verifier)
        let isHmacRight = constantTimeEquals(expectedHmac, hmac ?? expectedHmac)

        // A client that breaks its base64 into lines may have encrypted the text with its breaks.
        let text = Base64.encode(iv.bytes)
        let texts = nonce == nil || signature.nonce == text ? [text] : [text, signature.nonce]
        var isVerifierRight = false
        for text in texts {
            let expected = try checked { () throws(CipherError) in
                try AESCBC.encrypt(SecretBytes(utf8: text), key: key.bytes, iv: iv)
            }
            let isEqual = constantTimeEquals(expected, verifier)
            isVerifierRight = isVerifierRight || isEqual
        }

        let isReply = Nonce(iv).isReply(under: key)
        guard let nonce, isHmacRight, isVerifierRight, !(isRequest && isReply) else {
            throw VerificationFailure()
        }
        return VerifiedMessage(key: key, nonce: nonce, usedHmac: hmac != nil)
    }

    /// A message under a key that nobody has: what a request that can't be verified is decrypted with, so that its
    /// timing doesn't reveal at which step it failed.
    package static func decoy(for signature: RequestSignature) -> VerifiedMessage {
        VerifiedMessage(key: decoyKey, nonce: Nonce(base64: signature.nonce) ?? Nonce(.zero), usedHmac: false)
    }

    private init(key: ClientKey, nonce: Nonce, usedHmac: Bool) {
        self.key = key
        self.nonce = nonce
        self.usedHmac = usedHmac
    }

    /// What stands in for the key of a client that doesn't exist; nobody has it.
    package static let decoyKey = ClientKey.random()

    private static let hmacLength = 32
    // The longest text of a nonce, padded.
    private static let longestVerifier = 96

    private static func bytes(_ text: String, atMost longest: Int) -> [UInt8] {
        guard let bytes = Base64.decode(text), bytes.count <= longest else { return [] }
        return bytes
    }

    /// Does something with the cipher; whatever goes wrong is the same failure.
    static func checked<Result>(
        _ work: () throws(CipherError) -> Result
    ) throws(VerificationFailure) -> Result {
        do {
            return try work()
        } catch {
            throw VerificationFailure()
        }
    }
}
