// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Linux
import Vault

/// What a keyring vault keeps in the state folder; there is no secret in it.
struct KeptState: Codable, Equatable, Sendable {
    /// A name that was made up for an item which has none.
    struct Derived: Codable, Equatable, Sendable {
        /// What the item said when it was last seen.
        var digest: String
        /// Where it was.
        var path: String
        /// The name, in hex.
        var uuid: String
    }

    /// The vault's two names, in hex.
    var root: String
    var recycleBin: String
    /// Whether nobody has looked yet if the keyring knows other ones: then the state was lost, or never was.
    var isProvisional: Bool
    var derived: [Derived] = []

    /// The identity that is kept; nil if the file was tampered with.
    var identity: VaultIdentity? {
        guard let root = LoginID(hex: root), let bin = LoginID(hex: recycleBin) else { return nil }
        return VaultIdentity(root: root, recycleBin: bin)
    }

    /// The state of a vault with this identity.
    init(_ identity: VaultIdentity, isProvisional: Bool) {
        root = identity.root.hex
        recycleBin = identity.recycleBin.hex
        self.isProvisional = isProvisional
    }
}

/// The file in which the state is.
struct StateFile: Sendable {
    private let folder: String
    private let path: String

    /// The file of the vault kind `keyring` in a folder, which is made when something is written.
    init(folder: String) {
        self.folder = folder
        path = folder + "/keyring-vault.json"
    }

    /// Reads the state; nil if there is none, or none that makes sense.
    func read() -> KeptState? {
        // A file that can't be read is as good as none: the keyring, or a new start, stands in for it.
        guard let bytes = try? FileBytes.read(path, limit: 16 << 20),
            let state = try? JSONDecoder().decode(KeptState.self, from: Data(bytes)),
            state.identity != nil
        else { return nil }
        return state
    }

    /// Writes the state, in a folder and a file that are this user's alone.
    func write(_ state: KeptState) throws(VaultError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        do {
            let bytes = try Array(encoder.encode(state))
            try SafeFile.makeFolder(folder)
            try SafeFile.write(bytes, to: path)
        } catch {
            throw .failed("The state can't be written to \(path): \(error)")
        }
    }
}
