// SPDX-License-Identifier: Apache-2.0

import Ciphers
import KeePassHTTP
import SecureMemory
import Testing

/// The known answers (docs/protocol.md, "Known answers"), and what OpenSSL's command line made of the first of them
/// (`openssl enc -aes-256-cbc -K … -iv …`, Python's `hmac`), so that nothing here is checked against itself.
enum SampleMessage {
    static let keyText = "ksP1sw/6Bgx4CpqCO3JpI1+5vtSO8/aCcqxDjXTTYvw="
    static let nonceText = "2WQ4Hm9lUjRU0CXje3CeZA=="
    static let verifier = "idtdIoq7mHVwTGiFS0fvJR3PFNWqKmssEjOO9un2L+k="
    static let hmac = "jhjB3PYhLLRqk/9dc5beEgwe9L4JGUDXQQdA1f7Aahg="
    /// The verifier of a client that encrypts the nonce's text with the line break that its base64 ends in.
    static let verifierWithBreak = "idtdIoq7mHVwTGiFS0fvJVWM0TncHLP0SwISTkzKXFs="
    static let signature = RequestSignature(nonce: nonceText, verifier: verifier, hmac: hmac)

    static func key() throws -> ClientKey { try #require(ClientKey(base64: SecretBytes(utf8: keyText))) }

    static func cipher() throws -> OutgoingCipher {
        OutgoingCipher(key: try key(), nonce: try #require(Nonce(base64: nonceText)))
    }

    /// What OpenSSL makes of these texts under the key and the nonce.
    static let encrypted = [
        "": "s/TVrEetqDO/H25GyaTpBw==",
        "GitHub": "v3KIwQk0nMwHLHRYXNG5gw==",
        "müller": "0muwZhz0YWY+Tp2SFUTbyg==",
        "http://github.com/": "0iXc9Q22XMljOaMStuL+n6/DLp17n6XvnSD0Fr95OZw=",
        "s3cret": "0liaN15ru9qDrjMf/fQWSg==",
        "0123456789ABCDEF0123456789ABCDEF":
            "pUmwT+lbiQut2tCHwKsdjdVUiNbKDqSSkiO6MZ0oQxasxsbT3JfwvytHsA8nl3l3",
        "Sites/Work": "evCYhPYTA111P4esHHNNhA==",
        "Field": "qamTo/eTv7UEXBzktXLb0w==",
        "K": "zl+n5Nj/+1sR8PtIrGzYLQ==",
    ]
}

/// Reads a request from text.
func request(_ text: String) throws -> Request { try Request.parse(Array(text.utf8)) }
