// SPDX-License-Identifier: Apache-2.0

import Ciphers
import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

@Suite struct VerifiedMessageTests {
    /// Key, nonce and verifier (docs/protocol.md, "Known answers"); the codes were computed by Python.
    static let vectors = [
        (SampleMessage.keyText, SampleMessage.nonceText, SampleMessage.verifier, SampleMessage.hmac),
        (
            "OP/rKyOifj60Xc5UTORll92KtJ03uWowqE7vTMHAUpA=", "KTBmnSTGTEvri1embt/AKA==",
            "rSOwzupE5dv4zgwkIX6GXnl9dGRJ1c74J83LatL+Hkk=",
            "JF4uzeKqNnVvsVSSP/G4FPCD8WAwji5zzTdi9Drn1Cw="
        ),
    ]

    @Test(arguments: vectors)
    func `the known answers verify, with and without a code`(
        key: String,
        nonce: String,
        verifier: String,
        hmac: String
    ) throws {
        let key = try #require(ClientKey(base64: SecretBytes(utf8: key)))
        let old = try VerifiedMessage(
            verifying: RequestSignature(nonce: nonce, verifier: verifier),
            with: key
        )
        #expect(!old.usedHmac)
        #expect(old.nonce.text == nonce)
        let new = try VerifiedMessage(
            verifying: RequestSignature(nonce: nonce, verifier: verifier, hmac: hmac),
            with: key
        )
        #expect(new.usedHmac)
        #expect(new.key == key)
    }

    @Test(arguments: vectors)
    func `a cipher makes the known answers`(key: String, nonce: String, verifier: String, hmac: String) throws
    {
        let cipher = OutgoingCipher(
            key: try #require(ClientKey(base64: SecretBytes(utf8: key))),
            nonce: try #require(Nonce(base64: nonce))
        )
        #expect(try cipher.signature() == RequestSignature(nonce: nonce, verifier: verifier, hmac: hmac))
    }

    @Test func `fields are encrypted as OpenSSL's command line does it`() throws {
        let cipher = try SampleMessage.cipher()
        let message = try VerifiedMessage(verifying: SampleMessage.signature, with: SampleMessage.key())
        for (plain, field) in SampleMessage.encrypted {
            #expect(try cipher.field(plain) == field)
            #expect(try message.decryptText(EncryptedField(base64: field)) == plain)
        }
    }

    @Test(arguments: [
        RequestSignature(nonce: "2WQ4Hm9lUjRU0CXje3CeZA==\n", verifier: SampleMessage.verifier),
        RequestSignature(nonce: "2WQ4Hm9lUjRU0CXje3CeZA==\n", verifier: SampleMessage.verifierWithBreak),
        RequestSignature(
            nonce: "2WQ4Hm9l\r\nUjRU0CXj\r\ne3CeZA==\r\n",
            verifier: SampleMessage.verifier,
            hmac: SampleMessage.hmac
        ),
        RequestSignature(
            nonce: SampleMessage.nonceText,
            verifier: "idtdIoq7mHVwTGiFS0fvJR3PFNWqKmss\nEjOO9un2L+k=\n",
            hmac: "jhjB3PYhLLRqk/9dc5beEgwe9L4J\nGUDXQQdA1f7Aahg="
        ),
    ])
    func `base64 with line breaks verifies, and gives the same nonce`(signature: RequestSignature) throws {
        let message = try VerifiedMessage(verifying: signature, with: SampleMessage.key())
        #expect(message.nonce.text == SampleMessage.nonceText)
    }

    @Test(arguments: [
        RequestSignature(nonce: "", verifier: SampleMessage.verifier, hmac: SampleMessage.hmac),
        RequestSignature(nonce: "?", verifier: SampleMessage.verifier),
        RequestSignature(nonce: "2WQ4Hm9lUjRU0CXje3Ce", verifier: SampleMessage.verifier),
        RequestSignature(nonce: "2WQ4Hm9lUjRU0CXje3CeZAAA", verifier: SampleMessage.verifier),
        RequestSignature(
            nonce: String(repeating: "\n", count: 100) + SampleMessage.nonceText,
            verifier: SampleMessage.verifier
        ),
        RequestSignature(nonce: "KTBmnSTGTEvri1embt/AKA==", verifier: SampleMessage.verifier),
        RequestSignature(nonce: SampleMessage.nonceText, verifier: ""),
        RequestSignature(nonce: SampleMessage.nonceText, verifier: "idtdIoq7mHVwTGiFS0fvJQ=="),
        RequestSignature(nonce: SampleMessage.nonceText, verifier: SampleMessage.verifierWithBreak),
        RequestSignature(nonce: SampleMessage.nonceText, verifier: SampleMessage.nonceText),
        RequestSignature(nonce: SampleMessage.nonceText, verifier: String(repeating: "AAAA", count: 10000)),
        RequestSignature(nonce: SampleMessage.nonceText, verifier: SampleMessage.verifier, hmac: "?"),
        RequestSignature(
            nonce: SampleMessage.nonceText,
            verifier: SampleMessage.verifier,
            hmac: "jhjB3PYhLLRqk/9dc5beEg=="
        ),
        RequestSignature(
            nonce: SampleMessage.nonceText,
            verifier: SampleMessage.verifier,
            hmac: SampleMessage.verifier
        ),
    ])
    func `whatever is wrong with a signature, the failure is the same`(signature: RequestSignature) throws {
        let key = try SampleMessage.key()
        #expect(throws: VerificationFailure()) { try VerifiedMessage(verifying: signature, with: key) }
        #expect(throws: VerificationFailure()) {
            try VerifiedMessage(verifying: signature, with: VerifiedMessage.decoyKey)
        }
    }

    @Test func `each flipped bit of nonce, verifier or code is refused`() throws {
        let key = try SampleMessage.key()
        let nonce = try #require(Base64.decode(SampleMessage.nonceText))
        let verifier = try #require(Base64.decode(SampleMessage.verifier))
        let hmac = try #require(Base64.decode(SampleMessage.hmac))
        func isRefused(_ nonce: [UInt8], _ verifier: [UInt8], _ hmac: [UInt8]?) -> Bool {
            let signature = RequestSignature(
                nonce: Base64.encode(nonce),
                verifier: Base64.encode(verifier),
                hmac: hmac.map(Base64.encode)
            )
            return (try? VerifiedMessage(verifying: signature, with: key)) == nil
        }
        #expect(!isRefused(nonce, verifier, hmac))
        for (bytes, part) in [(nonce, 0), (verifier, 1), (hmac, 2)] {
            for bit in 0..<bytes.count * 8 {
                var flipped = bytes
                flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                switch part {
                case 0: #expect(isRefused(flipped, verifier, nil) && isRefused(flipped, verifier, hmac))
                case 1: #expect(isRefused(nonce, flipped, nil) && isRefused(nonce, flipped, hmac))
                default: #expect(isRefused(nonce, verifier, flipped))
                }
            }
        }
    }

    @Test func `another client's key does not verify, and the decoy never does`() {
        #expect(throws: VerificationFailure()) {
            try VerifiedMessage(verifying: SampleMessage.signature, with: ClientKey.random())
        }
        #expect(throws: VerificationFailure()) {
            try VerifiedMessage(verifying: SampleMessage.signature, with: VerifiedMessage.decoyKey)
        }
        let field = EncryptedField(base64: SampleMessage.verifier)
        #expect(throws: VerificationFailure()) {
            try VerifiedMessage.decoy(for: SampleMessage.signature).decrypt(field)
        }
    }

    @Test(arguments: [
        "", "?", "AAAA", "s/TVrEetqDO/H25GyaTpBw=", "AAAAAAAAAAAAAAAAAAAAAA==", "v3KIwQk0nMwHLHRYXNG5",
    ])
    func `whatever is wrong with a field, the failure is the same`(text: String) throws {
        let message = try VerifiedMessage(verifying: SampleMessage.signature, with: SampleMessage.key())
        #expect(throws: VerificationFailure()) { try message.decrypt(EncryptedField(base64: text)) }
        #expect(throws: VerificationFailure()) { try message.decrypt(.unusable) }
    }

    @Test(arguments: [[0xFF, 0xFE], [0x61, 0x00, 0x62], [0xED, 0xA0, 0x80]] as [[UInt8]])
    func `a field that is no text, or has a NUL in it, fails as text only`(bytes: [UInt8]) throws {
        let cipher = try SampleMessage.cipher()
        let message = try VerifiedMessage(verifying: SampleMessage.signature, with: SampleMessage.key())
        let field = EncryptedField(base64: try cipher.field(SecretBytes(copying: bytes)))
        #expect(try message.decrypt(field) == SecretBytes(copying: bytes))
        #expect(throws: VerificationFailure()) { try message.decryptText(field) }
    }

    @Test(arguments: [16, 24, 32], [UInt64(1), 7, 4711])
    func `what a cipher of any key size makes can be verified and decrypted`(length: Int, seed: UInt64) throws
    {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let key = try #require(ClientKey(SecretBytes(copying: bytes)))
            let cipher = OutgoingCipher(key: key)
            let message = try VerifiedMessage(verifying: cipher.signature(), with: key)
            let plain = (0..<Int.random(in: 0...100, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            let field = EncryptedField(base64: try cipher.field(SecretBytes(copying: plain)))
            #expect(try message.decrypt(field) == SecretBytes(copying: plain))
        }
    }

    @Test func `no two seals share a nonce`() throws {
        let key = ClientKey.random()
        #expect(Set((0..<100).map { _ in OutgoingCipher(key: key).nonce }).count == 100)
    }
}
