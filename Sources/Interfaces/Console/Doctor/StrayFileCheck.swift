// SPDX-License-Identifier: Apache-2.0

import Ciphers
import DisplayText
import FoundationEssentials
import Linux
import SecureMemory
import Settings
import VaultStores

/// Looks for what is kept in the state folder of vaults that the configuration doesn't have, or has elsewhere: no unlock
/// merges that.
enum StrayFileCheck {
    static func findings(
        _ configuration: Configuration,
        state: String = Folders.ofProcess().state
    ) -> [Finding] {
        // Without the folder there is nothing in it.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: state)) ?? []
        let paths = configuration.vaults.filter { $0.kind == .kdbx }.compactMap(\.path)
        let strays = KDBXKeptFiles.strays(among: names, in: state, but: paths)
        guard !strays.isEmpty else { return [] }
        let formerPaths = Set(strays.compactMap(\.vault))
        let digests = Set((paths + formerPaths).compactMap(digest))
        return strays.map { stray in
            finding(stray.path, of: stray.vault, isInFile: stray.duplicated.map(digests.contains) ?? false)
        }
    }

    static func finding(_ path: String, of vault: String?, isInFile: Bool) -> Finding {
        let subject = "Kept saves"
        let vault = vault ?? "a vault that isn't noted beside it any more"
        guard !isInFile else {
            return .ok(
                subject,
                "\(path) is a copy of \(vault), which is the `path` of no [[vault]] any more; the file is as Keybell wrote it, and the copy can be removed"
            )
        }
        return .warning(
            subject,
            "what Keybell had saved in \(vault), which is the `path` of no [[vault]] any more, may be missing in that file, and is kept in \(path) under the key that the vault had then",
            do:
                "Make that the `path` of a [[vault]] again and `keybell unlock` it, which merges it; or merge it in KeePassXC (Database, Merge), and remove it."
        )
    }

    /// SHA-256 of a file in hex; nil where it can't be read.
    private static func digest(_ path: String) -> String? {
        // One that has gone has nothing for certain.
        (try? FileBytes.read(FileBytes.resolved(path), limit: 1 << 30)).map { Hex.text(Digest.sha256($0)) }
    }
}
