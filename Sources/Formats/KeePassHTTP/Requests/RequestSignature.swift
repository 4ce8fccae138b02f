// SPDX-License-Identifier: Apache-2.0

import JSON

/// What a message claims to be signed with, as it came in and not verified yet.
package struct RequestSignature: Hashable, Sendable {
    /// The base64 text of the nonce.
    package let nonce: String
    /// The base64 text of the nonce's text, encrypted.
    package let verifier: String
    /// The base64 text of the message authentication code; older clients send none.
    package let hmac: String?

    /// Takes the three texts.
    package init(nonce: String, verifier: String, hmac: String? = nil) {
        self.nonce = nonce
        self.verifier = verifier
        self.hmac = hmac
    }

    /// The signature of a message, or nil if it is unsigned.
    init?(of members: JSONObject) {
        guard let nonce = Self.text(members["Nonce"]), let verifier = Self.text(members["Verifier"]) else {
            return nil
        }
        self.init(nonce: nonce, verifier: verifier, hmac: Self.text(members["Hmac"]))
    }

    // What is there but isn't a text must fail like a wrong text, not pass for absent; "?" isn't base64.
    private static func text(_ value: JSONValue?) -> String? {
        guard let value, !value.isAbsentText else { return nil }
        return value.nonEmptyString ?? "?"
    }
}
