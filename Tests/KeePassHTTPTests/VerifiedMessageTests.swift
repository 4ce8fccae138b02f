// SPDX-License-Identifier: Apache-2.0

import Ciphers
import KeePassHTTP
import SecureMemory
import Testing

@Suite struct VerifiedMessageTests {
    /// Key, nonce and verifier (docs/protocol.md, "Known answers"); the codes were computed by Python.
    static let vectors = [
        (Sample.keyText, Sample.nonceText, Sample.verifier, Sample.hmac),
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
        let key = try #require(ClientKey(base64: key))
        let old = try VerifiedMessage(verifying: Signature(nonce: nonce, verifier: verifier), with: key)
        #expect(!old.usedHmac)
        #expect(old.nonce.text == nonce)
        let new = try VerifiedMessage(
            verifying: Signature(nonce: nonce, verifier: verifier, hmac: hmac),
            with: key
        )
        #expect(new.usedHmac)
        #expect(new.key == key)
    }

    @Test(arguments: vectors)
    func `a seal makes the known answers`(key: String, nonce: String, verifier: String, hmac: String) throws {
        let seal = Seal(
            key: try #require(ClientKey(base64: key)),
            nonce: try #require(Nonce(base64: nonce))
        )
        #expect(try seal.signature() == Signature(nonce: nonce, verifier: verifier, hmac: hmac))
    }

    @Test func `fields are encrypted as OpenSSL's command line does it`() throws {
        let seal = try Sample.seal()
        let conversation = try VerifiedMessage(verifying: Sample.signature, with: Sample.key())
        for (plain, field) in Sample.encrypted {
            #expect(try seal.field(plain) == field)
            #expect(try conversation.decryptText(EncryptedField(base64: field)) == plain)
        }
    }

    @Test(arguments: [
        Signature(nonce: "2WQ4Hm9lUjRU0CXje3CeZA==\n", verifier: Sample.verifier),
        Signature(nonce: "2WQ4Hm9lUjRU0CXje3CeZA==\n", verifier: Sample.verifierWithBreak),
        Signature(
            nonce: "2WQ4Hm9l\r\nUjRU0CXj\r\ne3CeZA==\r\n",
            verifier: Sample.verifier,
            hmac: Sample.hmac
        ),
        Signature(
            nonce: Sample.nonceText,
            verifier: "idtdIoq7mHVwTGiFS0fvJR3PFNWqKmss\nEjOO9un2L+k=\n",
            hmac: "jhjB3PYhLLRqk/9dc5beEgwe9L4J\nGUDXQQdA1f7Aahg="
        ),
    ])
    func `base64 with line breaks verifies, and gives the same nonce`(signature: Signature) throws {
        let conversation = try VerifiedMessage(verifying: signature, with: Sample.key())
        #expect(conversation.nonce.text == Sample.nonceText)
    }

    @Test(arguments: [
        Signature(nonce: "", verifier: Sample.verifier, hmac: Sample.hmac),
        Signature(nonce: "?", verifier: Sample.verifier),
        Signature(nonce: "2WQ4Hm9lUjRU0CXje3Ce", verifier: Sample.verifier),
        Signature(nonce: "2WQ4Hm9lUjRU0CXje3CeZAAA", verifier: Sample.verifier),
        Signature(nonce: String(repeating: "\n", count: 100) + Sample.nonceText, verifier: Sample.verifier),
        Signature(nonce: "KTBmnSTGTEvri1embt/AKA==", verifier: Sample.verifier),
        Signature(nonce: Sample.nonceText, verifier: ""),
        Signature(nonce: Sample.nonceText, verifier: "idtdIoq7mHVwTGiFS0fvJQ=="),
        Signature(nonce: Sample.nonceText, verifier: Sample.verifierWithBreak),
        Signature(nonce: Sample.nonceText, verifier: Sample.nonceText),
        Signature(nonce: Sample.nonceText, verifier: String(repeating: "AAAA", count: 10000)),
        Signature(nonce: Sample.nonceText, verifier: Sample.verifier, hmac: "?"),
        Signature(nonce: Sample.nonceText, verifier: Sample.verifier, hmac: "jhjB3PYhLLRqk/9dc5beEg=="),
        Signature(nonce: Sample.nonceText, verifier: Sample.verifier, hmac: Sample.verifier),
    ])
    func `whatever is wrong with a signature, the failure is the same`(signature: Signature) throws {
        let key = try Sample.key()
        #expect(throws: VerificationFailure()) { try VerifiedMessage(verifying: signature, with: key) }
        #expect(throws: VerificationFailure()) {
            try VerifiedMessage(verifying: signature, with: VerifiedMessage.decoyKey)
        }
    }

    @Test func `each flipped bit of nonce, verifier or code is refused`() throws {
        let key = try Sample.key()
        let nonce = try #require(Base64.decode(Sample.nonceText))
        let verifier = try #require(Base64.decode(Sample.verifier))
        let hmac = try #require(Base64.decode(Sample.hmac))
        func isRefused(_ nonce: [UInt8], _ verifier: [UInt8], _ hmac: [UInt8]?) -> Bool {
            let signature = Signature(
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
            try VerifiedMessage(verifying: Sample.signature, with: ClientKey.random())
        }
        #expect(throws: VerificationFailure()) {
            try VerifiedMessage(verifying: Sample.signature, with: VerifiedMessage.decoyKey)
        }
        let field = EncryptedField(base64: Sample.verifier)
        #expect(throws: VerificationFailure()) {
            try VerifiedMessage.decoy(for: Sample.signature).decrypt(field)
        }
    }

    @Test(arguments: [
        "", "?", "AAAA", "s/TVrEetqDO/H25GyaTpBw=", "AAAAAAAAAAAAAAAAAAAAAA==", "v3KIwQk0nMwHLHRYXNG5",
    ])
    func `whatever is wrong with a field, the failure is the same`(text: String) throws {
        let conversation = try VerifiedMessage(verifying: Sample.signature, with: Sample.key())
        #expect(throws: VerificationFailure()) { try conversation.decrypt(EncryptedField(base64: text)) }
        #expect(throws: VerificationFailure()) { try conversation.decrypt(.unusable) }
    }

    @Test(arguments: [[0xFF, 0xFE], [0x61, 0x00, 0x62], [0xED, 0xA0, 0x80]] as [[UInt8]])
    func `a field that is no text, or has a NUL in it, fails as text only`(bytes: [UInt8]) throws {
        let seal = try Sample.seal()
        let conversation = try VerifiedMessage(verifying: Sample.signature, with: Sample.key())
        let field = EncryptedField(base64: try seal.field(SecretBytes(copying: bytes)))
        #expect(try conversation.decrypt(field) == SecretBytes(copying: bytes))
        #expect(throws: VerificationFailure()) { try conversation.decryptText(field) }
    }

    @Test(arguments: [16, 24, 32], [UInt64(1), 7, 4711])
    func `what a seal of any key size makes can be verified and decrypted`(length: Int, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let key = try #require(ClientKey(SecretBytes(copying: bytes)))
            let seal = Seal(key: key)
            let conversation = try VerifiedMessage(verifying: seal.signature(), with: key)
            let plain = (0..<Int.random(in: 0...100, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            let field = EncryptedField(base64: try seal.field(SecretBytes(copying: plain)))
            #expect(try conversation.decrypt(field) == SecretBytes(copying: plain))
        }
    }

    @Test func `no two seals share a nonce`() throws {
        let key = ClientKey.random()
        #expect(Set((0..<100).map { _ in Seal(key: key).nonce }).count == 100)
    }
}
