// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Linux
import Vault

/// What a vault keeps in a file of the state folder, as JSON; there is no secret in it.
struct StateFile<Content: Codable & Sendable>: Sendable {
    private let folder: String
    private let path: String

    /// The file of a name in a folder, which is made when something is written.
    init(_ name: String, in folder: String) {
        self.folder = folder
        path = folder + "/" + name
    }

    /// Reads it; nil if there is none, or none that makes sense: whoever wants it can do without it.
    func read() -> Content? {
        guard let bytes = try? FileBytes.read(path, limit: 16 << 20) else { return nil }
        return try? JSONDecoder().decode(Content.self, from: Data(bytes))  // of another version, or damaged
    }

    /// Writes it, in a folder and a file that are this user's alone.
    func write(_ content: Content) throws(VaultError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        let isOnDisk: Bool
        do {
            let bytes = try Array(encoder.encode(content))
            try SafeFile.makeFolder(folder)
            isOnDisk = try SafeFile.write(bytes, to: path)
        } catch {
            throw .failed("The state can't be written to \(path): \(error)")
        }
        guard isOnDisk else {
            throw .failed("The state is written to \(path), but a crash may bring the one before back")
        }
    }
}
