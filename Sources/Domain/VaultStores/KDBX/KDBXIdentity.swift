// SPDX-License-Identifier: Apache-2.0

import Ciphers
import FoundationEssentials
import KDBX
import Linux
import Vault

/// The Hash of a KDBX vault as clients came to know it, kept in the state folder and known while it is locked.
struct KDBXIdentity: Codable, Equatable, Sendable {
    /// The root group, in upper-case hex.
    let root: String
    /// The recycle bin when the vault was first seen, zeros if there was none.
    let recycleBin: String

    /// What a database says now; nil for one that a program has broken.
    init?(_ database: Database) {
        guard let root = database.root.id else { return nil }
        self.root = root.hexText
        recycleBin = (database.recycleBin ?? .none).hexText
    }

    /// What clients know the vault by: 40 hex digits.
    var hash: String {
        Digest.sha1(Array((root + recycleBin).utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            .joined()
    }
}

/// The file in which the identity is, by the vault's path, so that a vault may get another name.
struct KDBXIdentityFile: Sendable {
    private let folder: String
    private let path: String

    init(folder: String, vault: String) {
        self.folder = folder
        path = Self.place(of: vault, in: folder, ending: "json")
    }

    /// Where something about a vault is kept in the state folder.
    static func place(of vault: String, in folder: String, ending: String) -> String {
        let digest = Digest.sha256(Array(vault.utf8)).prefix(8)
        let name = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return folder + "/kdbx-vault-\(name).\(ending)"
    }

    /// What was pinned; nil before the vault was first opened.
    func read() -> KDBXIdentity? {
        // A file that can't be read is as good as none: the next opening pins again.
        guard let bytes = try? FileBytes.read(path) else { return nil }
        return try? JSONDecoder().decode(KDBXIdentity.self, from: Data(bytes))  // as above
    }

    /// Pins an identity.
    func write(_ identity: KDBXIdentity) throws(VaultError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        do {
            let bytes = try Array(encoder.encode(identity))
            try SafeFile.makeFolder(folder)
            try SafeFile.write(bytes, to: path)
        } catch {
            throw .failed("The state can't be written to \(path): \(error)")
        }
    }
}
