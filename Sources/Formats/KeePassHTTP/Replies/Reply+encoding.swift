// SPDX-License-Identifier: Apache-2.0

import Ciphers
import JSON
import SecureMemory

extension Reply {
    /// The JSON text, in ASCII, members in the protocol's order, those without a value left out.
    ///
    /// A failure, and an answer without a seal, carries no signature and nothing that would have to be encrypted.
    /// Should encrypting fail, which takes a machine out of memory, the text says that instead.
    /// - Parameter seal: What to encrypt with: the key of a client whose request was verified.
    /// - Returns: The bytes of the body.
    package func encoded(sealing seal: Seal? = nil) -> [UInt8] {
        do {
            return try text(sealing: success ? seal : nil)
        } catch {
            var failure = self
            failure.success = false
            failure.error = "Keybell could not encrypt its answer"
            return failure.plainText()
        }
    }

    private func text(sealing seal: Seal?) throws(CipherError) -> [UInt8] {
        guard let seal else { return plainText() }
        let signature = try seal.signature()
        var text = JSONText()
        try text.object { (text) throws(CipherError) in
            writeHead(to: &text)
            if let entries {
                text.key("Entries")
                try text.array(entries) { (text, entry) throws(CipherError) in
                    try entry.write(to: &text, sealing: seal)
                }
            }
            if let uuid { text.member("Uuid", try seal.field(uuid)) }
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
    fileprivate func write(to text: inout JSONText, sealing seal: Seal) throws(CipherError) {
        try text.object { (text) throws(CipherError) in
            text.member("Name", try seal.field(name))
            text.member("Login", try seal.field(login))
            text.member("Password", try seal.field(password.repairedText))
            text.member("Uuid", try seal.field(uuid))
            if let group {
                text.key("Group")
                try text.object { (text) throws(CipherError) in
                    text.member("Name", try seal.field(group.name))
                    text.member("Uuid", try seal.field(group.uuid))
                }
            }
            // Never an empty array: two libraries decrypt whatever an entry has.
            guard !stringFields.isEmpty else { return }
            text.key("StringFields")
            try text.array(stringFields) { (text, field) throws(CipherError) in
                try text.object { (text) throws(CipherError) in
                    text.member("Key", try seal.field(field.key))
                    text.member("Value", try seal.field(field.value.repairedText))
                }
            }
        }
    }
}
