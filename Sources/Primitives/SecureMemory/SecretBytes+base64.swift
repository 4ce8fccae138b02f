// SPDX-License-Identifier: Apache-2.0

extension SecretBytes {
    /// Makes a secret from base64 text, as `Base64.decode` reads it, or nil if it isn't valid.
    package convenience init?(base64 text: String) {
        let characters = text.utf8
        var isWhole = false
        self.init(capacity: Base64.decodedCount(atMost: characters.count)) { output in
            isWhole = Base64.decode(characters.span, into: &output)
        }
        guard isWhole else { return nil }
    }

    /// Makes a secret from base64 text that is a secret itself, or nil if it isn't valid.
    package convenience init?(base64 text: SecretBytes) {
        var isWhole = false
        self.init(capacity: Base64.decodedCount(atMost: text.count)) { output in
            text.withSpan { isWhole = Base64.decode($0, into: &output) }
        }
        guard isWhole else { return nil }
    }

    /// The base64 text of these bytes, as secret as they are.
    package func base64() -> SecretBytes {
        SecretBytes(capacity: Base64.encodedCount(count)) { output in
            withSpan { Base64.encode($0, into: &output) }
        }
    }
}
