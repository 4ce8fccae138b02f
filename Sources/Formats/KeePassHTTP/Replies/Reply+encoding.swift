// SPDX-License-Identifier: Apache-2.0

import Ciphers
import JSON
import SecureMemory

extension Reply {
    /// The JSON text, in ASCII, members in the protocol's order, those without a value left out.
    ///
    /// A failure, and an answer without a cipher, carries no signature and nothing that would have to be encrypted.
    /// Should encrypting fail, which takes a machine out of memory, the text says that instead.
    /// - Parameter cipher: What to encrypt with: the key of a client whose request was verified.
    /// - Returns: The bytes of the body.
    package func encoded(with cipher: OutgoingCipher? = nil) -> [UInt8] {
        do {
            return try text(with: success ? cipher : nil)
        } catch {
            var failure = self
            failure.success = false
            failure.error = "Keybell could not encrypt its answer"
            return failure.plainText()
        }
    }

    private func text(with cipher: OutgoingCipher?) throws(CipherError) -> [UInt8] {
        guard let cipher else { return plainText() }
        let signature = try cipher.signature()
        var text = JSONText()
        try text.object { (text) throws(CipherError) in
            writeHead(to: &text)
            if let entries {
                text.key("Entries")
                try text.array(entries) { (text, entry) throws(CipherError) in
                    try entry.write(to: &text, with: cipher)
                }
            }
            if let uuid { text.member("Uuid", base64: try cipher.encrypted(uuid)) }
            writeTail(to: &text)
            text.member("Nonce", signature.nonce)
            text.member("Verifier", signature.verifier)
            text.member("Hmac", signature.hmac)
        }
        return text.bytes
    }

    private func plainText() -> [UInt8] {
        var text = JSONText()
        text.object { text in
            writeHead(to: &text)
            writeTail(to: &text)
            if !success { text.member("Error", error) }
        }
        return text.bytes
    }

    private func writeHead(to text: inout JSONText) {
        text.member("RequestType", type?.rawValue ?? unknownType)
        text.member("Success", success)
        text.member("Id", id)
        // Some clients read the count rather than the entries, and older servers count an associate, too.
        if success, let count = count ?? entries?.count ?? (type == .associate ? 0 : nil) {
            text.member("Count", count)
        }
    }

    private func writeTail(to text: inout JSONText) {
        text.member("Version", version)
        text.member("Hash", hash)
    }
}

extension ReplyEntry {
    // A password goes from the vault's secret to ciphertext without ever being a String. A strict client drops a whole
    // answer for one byte that isn't UTF-8.
    fileprivate func write(to text: inout JSONText, with cipher: OutgoingCipher) throws(CipherError) {
        try text.object { (text) throws(CipherError) in
            text.member("Name", base64: try cipher.encrypted(name))
            text.member("Login", base64: try cipher.encrypted(login))
            text.member("Password", base64: try cipher.encrypted(password.repairedText))
            text.member("Uuid", base64: try cipher.encrypted(uuid))
            if let group {
                text.key("Group")
                try text.object { (text) throws(CipherError) in
                    text.member("Name", base64: try cipher.encrypted(group.name))
                    text.member("Uuid", base64: try cipher.encrypted(group.uuid))
                }
            }
            // Never an empty array: two libraries decrypt whatever an entry has.
            guard !stringFields.isEmpty else { return }
            text.key("StringFields")
            try text.array(stringFields) { (text, field) throws(CipherError) in
                try text.object { (text) throws(CipherError) in
                    text.member("Key", base64: try cipher.encrypted(field.key))
                    text.member("Value", base64: try cipher.encrypted(field.value.repairedText))
                }
            }
        }
    }
}
