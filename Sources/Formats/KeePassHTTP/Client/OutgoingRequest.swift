// SPDX-License-Identifier: Apache-2.0

package import Ciphers
import JSON
package import SecureMemory

/// A request that we send as a client.
package struct OutgoingRequest: Sendable {
    /// What to ask for.
    package var type: RequestType
    /// Our Id; in associate the one that we would like.
    package var id: String?
    /// The fields to encrypt, in the order of sending.
    package var fields: [(name: String, value: SecretBytes)]
    /// The titles of get-logins-by-names.
    package var names: [String]
    /// The string fields of set-login; nil removes one.
    package var stringFields: [(key: String, value: SecretBytes?)]
    /// Whether a locked vault should be unlocked.
    package var triggerUnlock: Bool
    /// Other plain flags, for a search.
    package var flags: [(name: String, value: Bool)]

    /// Takes what to ask.
    package init(
        _ type: RequestType,
        id: String? = nil,
        fields: [(name: String, value: SecretBytes)] = [],
        names: [String] = [],
        stringFields: [(key: String, value: SecretBytes?)] = [],
        triggerUnlock: Bool = false,
        flags: [(name: String, value: Bool)] = []
    ) {
        self.type = type
        self.id = id
        self.fields = fields
        self.names = names
        self.stringFields = stringFields
        self.triggerUnlock = triggerUnlock
        self.flags = flags
    }

    /// The JSON text, signed and encrypted.
    /// - Parameters:
    ///   - key: Our key; associate sends it along.
    ///   - nonce: What its answer has to be the answer to; never one that was used before.
    /// - Returns: The bytes of the body.
    /// - Throws: What the cipher throws.
    package func encoded(
        with key: ClientKey,
        nonce: Nonce = .random()
    ) throws(CipherError) -> [UInt8] {
        let cipher = OutgoingCipher(key: key, nonce: nonce)
        let signature = try cipher.signature()
        var text = JSONText()
        try text.object { (text) throws(CipherError) in
            text.member("RequestType", type.rawValue)
            text.member("Id", id)
            text.member("Nonce", signature.nonce)
            text.member("Verifier", signature.verifier)
            text.member("Hmac", signature.hmac)
            // The protocol wants the key in the clear here, over loopback; there is no other way to send it.
            if type == .associate { text.member("Key", key.base64().exposedText()) }
            text.member("TriggerUnlock", triggerUnlock)
            for flag in flags { text.member(flag.name, flag.value) }
            for field in fields { text.member(field.name, try cipher.field(field.value)) }
            if !names.isEmpty {
                text.key("Names")
                try text.array(names) { (text, name) throws(CipherError) in
                    text.string(try cipher.field(name))
                }
            }
            guard !stringFields.isEmpty else { return }
            text.key("StringFields")
            try text.object { (text) throws(CipherError) in
                for field in stringFields {
                    text.key(try cipher.field(field.key))
                    if let value = field.value { text.string(try cipher.field(value)) } else { text.null() }
                }
            }
        }
        return text.bytes
    }
}
