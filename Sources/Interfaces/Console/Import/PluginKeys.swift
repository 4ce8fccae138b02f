// SPDX-License-Identifier: Apache-2.0

import DisplayText
import KDBX
import KeePassHTTP
import Linux
import SecureMemory
import Vault

/// The keys that the KeePassHttp plugin keeps in a KeePass file: fields of an entry of its own.
struct PluginKeys: Sendable {
    /// A field of that entry, by the Id that its client goes by.
    struct Field: Sendable {
        let id: String
        /// Nil for what can't be a key.
        let key: ClientKey?
    }

    /// In the order of the file.
    let fields: [Field]
    /// What clients know the file by, as the plugin told them.
    let hash: String

    private static let entry: [UInt8] = [
        0x34, 0x69, 0x7A, 0x40, 0x8A, 0x5B, 0x41, 0xC0, 0x9F, 0x36, 0x89, 0x7D, 0x62, 0x3E, 0xCB, 0x31,
    ]
    private static let mostKeys = 1000
    private static let prefix = "AES Key: "

    /// Takes the keys out of an opened file.
    init(_ database: Database) throws(ConsoleError) {
        guard let id = Identifier(Self.entry), let entry = database.entry(id) else {
            let double = database.entries.first { $0.text("Title") == "KeePassHttp Settings" }
            throw .refused(Self.missing(double))
        }
        let strings = entry.strings.filter { $0.field.name.hasPrefix(Self.prefix) }
        // A list too long for the person to look through isn't a list of their clients.
        guard strings.count <= Self.mostKeys else {
            throw .refused(
                "The entry \"KeePassHttp Settings\" of this file holds \(strings.count) keys; at most \(Self.mostKeys) are imported. Delete those that nobody uses, in KeePass among the fields of that entry."
            )
        }
        fields = strings.map { string in
            Field(
                id: String(string.field.name.dropFirst(Self.prefix.count)),
                key: entry.secret(of: string).flatMap { ClientKey(base64: $0) }.flatMap {
                    $0.isGuessable ? nil : $0
                }
            )
        }
        hash = VaultHash.of(
            root: (database.root.id ?? .none).hexText,
            recycleBin: (database.recycleBin ?? .none).hexText
        )
        guard !fields.isEmpty else {
            throw .refused(
                "The entry \"KeePassHttp Settings\" of this file holds no client's key. If KeePass serves your browser with another file, name that one; else connect the browser anew."
            )
        }
    }

    /// Why there is nothing to import; an entry that only has the title of the plugin's is named.
    private static func missing(_ double: Entry?) -> String {
        let cure =
            "If KeePass serves your browser with another file, name that one; else connect the browser anew."
        guard let double else {
            return
                "There is no entry \"KeePassHttp Settings\" in this file, so no client's key to import. \(cure)"
        }
        let own = Hex.text(Self.entry).uppercased()
        let other = double.id?.hexText ?? "none"
        return
            "The entry \"KeePassHttp Settings\" of this file isn't the plugin's, which has the uuid \(own): this one's is "
            + "\(other), as a copied or imported entry's is, and no client's key in it was ever in use here. \(cure)"
    }

    /// Opens a file and takes the keys out of it; the file is only read.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - password: Its password, or nil for none.
    ///   - keyFile: Where its key file is, or nil for none.
    ///   - limits: What it may cost to open it.
    ///   - deriver: What derives its key.
    /// - Throws: What is wrong with the file or its key, or that it has no client's key in it.
    init(
        file path: String,
        password: SecretBytes?,
        keyFile: String?,
        limits: KDBXLimits = KDBXLimits(),
        deriver: any KeyDeriver = DirectDeriver()
    ) throws(ConsoleError) {
        let bytes = try Self.read(path)
        let keyBytes: [UInt8]? = if let keyFile { try Self.readKeyFile(keyFile) } else { nil }
        let database: Database
        do throws(KDBXError) {
            let key = try CompositeKey(password: password, keyFile: keyBytes)
            database = try Database(reading: bytes, key: key, limits: limits, by: deriver)
        } catch {
            throw Self.refusal(of: path, error, limits)
        }
        try self.init(database)
    }

    /// Checks whether a file could be opened at all, before anybody is asked for its password.
    static func look(
        at path: String,
        keyFile: String?,
        limits: KDBXLimits = KDBXLimits()
    ) throws(ConsoleError) {
        let bytes = try read(path)
        let keyBytes: [UInt8]? = if let keyFile { try readKeyFile(keyFile) } else { nil }
        do throws(KDBXError) {
            _ = try LockedFile(parsing: bytes)
            if let keyBytes { _ = try CompositeKey(password: nil, keyFile: keyBytes) }
        } catch {
            throw refusal(of: path, error, limits)
        }
    }

    private static func readKeyFile(_ path: String) throws(ConsoleError) -> [UInt8] {
        try read(path, "name the key file as --key-file, or leave that out if it has none")
    }

    private static func read(
        _ path: String,
        _ cure: String = "name the .kdbx file that KeePass opens, or see whether you may read it"
    ) throws(ConsoleError) -> [UInt8] {
        do throws(SystemCallError) {
            return try FileBytes.read(FileBytes.resolved(path), limit: 1 << 30)
        } catch {
            throw .refused("\(PlainText.cleaned(path)) can't be read (\(error.words)): \(cure).")
        }
    }

    /// What is wrong with a file or its key, and what to do about it.
    private static func refusal(of path: String, _ error: KDBXError, _ limits: KDBXLimits) -> ConsoleError {
        let words = error.words(limits)
        let sentence =
            "\(PlainText.cleaned(path)) can't be opened: \(words)" + (words.hasSuffix(".") ? "" : ".")
        let cure =
            switch error {
            case .wrongKey: "Try again, with --key-file if it has one, and --no-password if it has only that."
            case .noKey: "Type its password, or name its key file as --key-file."
            case .keyFile: "Name the key file that it was made with as --key-file."
            case .notKDBX: "Name the .kdbx file that KeePass opens."
            case .truncated, .damaged: "Fetch it from a backup."
            default: error.cure ?? ""
            }
        return .refused(cure.isEmpty ? sentence : sentence + " " + cure)
    }
}
