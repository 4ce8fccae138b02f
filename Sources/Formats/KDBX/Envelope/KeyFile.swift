// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import XMLTree

/// The key that a key file stands for.
///
/// Read as KeePass reads it: XML of version 1 or 2, else 32 bytes as they are, else 64 hex digits, else the hash of
/// whatever file it is.
enum KeyFile {
    static func key(of file: [UInt8]) throws(KDBXError) -> SecretBytes {
        guard !file.isEmpty else { throw .keyFile(.empty) }
        // A file that isn't XML at all is no error: any picture may be a key file.
        if let document = try? Document(parsing: file), document.name(of: document.root) == "KeyFile" {
            return try key(in: document)
        }
        switch file.count {
        case 32:
            return SecretBytes(copying: file)
        case 64:
            if let key = bytes(hex: file) { return SecretBytes(copying: key) }
        default:
            break
        }
        return Digest.secretSHA256(SecretBytes(copying: file))
    }

    private static func key(in document: Document) throws(KDBXError) -> SecretBytes {
        let version = document.descendant(of: document.root, "Meta", "Version").map { document.text(of: $0) }
        guard let data = document.descendant(of: document.root, "Key", "Data") else {
            throw .keyFile(.malformed)
        }
        // By the first number, as KeePass does it: "1.00" and "1.0" are the same version.
        switch version?.split(separator: ".").first {
        case "1":
            guard let key = SecretBytes(base64: document.text(of: data)), !key.isEmpty else {
                throw .keyFile(.malformed)
            }
            return key
        case "2":
            return try checkedKey(document.content(of: data), checksum: document.attribute("Hash", of: data))
        default:
            throw .keyFile(.version)
        }
    }

    private static func checkedKey(
        _ text: ArraySlice<UInt8>,
        checksum: String?
    ) throws(KDBXError) -> SecretBytes {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        guard let key = bytes(hex: text.filter { !isSpace($0) }), !key.isEmpty else {
            throw .keyFile(.malformed)
        }
        guard let checksum, let expected = bytes(hex: Array(checksum.utf8)) else {
            throw .keyFile(.malformed)
        }
        let secret = SecretBytes(copying: key)
        guard Array(Digest.sha256(secret).prefix(4)) == expected else { throw .keyFile(.checksum) }
        return secret
    }

    private static func bytes(hex digits: [UInt8]) -> [UInt8]? {
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Character(Unicode.Scalar(digits[index])).hexDigitValue,
                let low = Character(Unicode.Scalar(digits[index + 1])).hexDigitValue
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}
