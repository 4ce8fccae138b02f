// SPDX-License-Identifier: Apache-2.0

package import Ciphers
import XMLTree

/// How a new file is to be laid out and encrypted.
package struct Layout: Sendable {
    /// The version of the format.
    package var version: FormatVersion
    /// What the content is encrypted with.
    package var cipher: BulkCipher
    /// The key derivation; version 3 has AES only.
    package var keyDerivation: KeyDerivation
    /// Whether the content is compressed.
    package var compression: Compression
    /// What protected values are encrypted with.
    package var protection: StreamCipher.Algorithm

    /// KeePass's choices for the newest version, unless told otherwise.
    package init(
        version: FormatVersion = .v4_1,
        cipher: BulkCipher = .aes256,
        keyDerivation: KeyDerivation = .argon2(.init(.id, memory: 64 << 20, iterations: 2, lanes: 2)),
        compression: Compression = .gzip,
        protection: StreamCipher.Algorithm = .chaCha20
    ) {
        self.version = version
        self.cipher = cipher
        self.keyDerivation = keyDerivation
        self.compression = compression
        self.protection = protection
    }
}

extension Database {
    /// Makes a database with a root group and nothing in it.
    /// - Parameters:
    ///   - name: The name of the database and of its root group.
    ///   - layout: How it is to be written.
    ///   - now: The time of its making.
    package init(new name: String, _ layout: Layout = Layout(), at now: Timestamp) {
        var header = OuterHeader(version: layout.version)
        header[.cipher] = layout.cipher.identifier
        header[.compression] = layout.compression.rawValue.littleEndianBytes
        // Chosen anew at every writing; here only for their places in the header.
        header[.masterSeed] = [UInt8](repeating: 0, count: 32)
        header[.nonce] = [UInt8](repeating: 0, count: layout.cipher.nonceCount)
        header.set(layout.keyDerivation)
        var document = Document(root: "KeePassFile")
        let meta = document.append("Meta", to: document.root)
        document.append("Generator", to: meta, text: "Keybell")
        document.append("DatabaseName", to: meta, text: name)
        document.append("DatabaseNameChanged", to: meta, text: now.text(for: layout.version))
        let protection = document.append("MemoryProtection", to: meta)
        for field in ["Title", "UserName", "Password", "URL", "Notes"] {
            document.append("Protect" + field, to: protection, text: field == "Password" ? "True" : "False")
        }
        document.append("RecycleBinEnabled", to: meta, text: "True")
        document.append("RecycleBinUUID", to: meta, text: Identifier.none.base64)
        document.append("RecycleBinChanged", to: meta, text: now.text(for: layout.version))
        document.append("HistoryMaxItems", to: meta, text: "10")
        document.append("HistoryMaxSize", to: meta, text: "6291456")
        document.append("SettingsChanged", to: meta, text: now.text(for: layout.version))
        let root = document.append("Root", to: document.root)
        let group = document.append("Group", to: root)
        document.append("UUID", to: group, text: Identifier.random().base64)
        document.append("Name", to: group, text: name)
        document.append("IconID", to: group, text: "48")
        document.append("DeletedObjects", to: root)
        self.init(
            header: header,
            innerHeader: InnerHeader(),
            innerStream: layout.protection == .salsa20 ? .salsa20 : .chaCha20,
            document: document,
            rootGroup: group
        )
        addTimes(to: group, at: now)
    }
}
