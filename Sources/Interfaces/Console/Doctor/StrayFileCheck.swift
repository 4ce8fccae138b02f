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
    private static let subject = "Kept saves"
    private static let longest = 1 << 30

    static func findings(
        _ configuration: Configuration,
        state: String = Folders.ofProcess().state,
        within limit: Duration = TimedLook.limit,
        digest: @escaping @Sendable (String) -> String? = Self.digest
    ) async -> [Finding] {
        let paths = configuration.vaults.filter { $0.kind == .kdbx }.compactMap(\.path)
        let look = await TimedLook.result(within: limit) {
            // Without the folder there is nothing in it.
            let names = (try? FileManager.default.contentsOfDirectory(atPath: state)) ?? []
            return KDBXKeptFiles.strays(among: names, in: state, but: paths)
        }
        guard let strays = look else { return [TimedLook.tooLong(subject, at: [state])] }
        var files = VaultDigests(limit: limit, digest: digest)
        var findings: [Finding] = []
        for stray in strays {
            var (holder, isGone, silent): (String?, Bool, String?) = (nil, false, nil)
            if let wanted = stray.duplicated {
                for file in (stray.vault.map { [$0] } ?? []) + paths where holder == nil {
                    switch await files.look(file) {
                    case .late: silent = silent ?? file
                    case .read(let found): if found == wanted { holder = file }
                    }
                }
            }
            if let vault = stray.vault, holder != vault {
                switch await files.look(vault) {
                case .late: silent = silent ?? vault
                case .read(let found): isGone = found == nil
                }
            }
            if let silent, holder == nil {
                findings.append(unknown(stray.path, of: stray.vault, silent: silent))
            } else if let holder, let vault = stray.vault, holder != vault, isGone {
                findings.append(moved(stray.path, of: vault, to: holder))
            } else {
                findings.append(finding(stray.path, of: stray.vault, isInFile: holder != nil, isGone: isGone))
            }
        }
        return findings
    }

    /// Says that something goes with a file that was moved.
    private static func moved(_ path: String, of vault: String, to file: String) -> Finding {
        .ok(
            subject,
            "\(path) is a copy of \(vault), which is \(file) now; the next unlock of that takes it over"
        )
    }

    /// Says that it can't be told whether something is in a file.
    private static func unknown(_ path: String, of vault: String?, silent: String) -> Finding {
        .warning(
            subject,
            "\(path) is a copy of \(vault ?? "a former vault"), which is the `path` of no [[vault]] any more; whether the file still has it all isn't known, for \(silent) gives no answer",
            do:
                "Keep the copy until \(silent) can be read. `findmnt` lists the mounts: see whether the disk or server answers that it is on."
        )
    }

    static func finding(_ path: String, of vault: String?, isInFile: Bool, isGone: Bool = false) -> Finding {
        let vault = vault ?? "a vault that isn't noted beside it any more"
        guard !isInFile else {
            return .ok(
                subject,
                "\(path) is a copy of \(vault), which is the `path` of no [[vault]] any more; the file is as Keybell wrote it, and the copy can be removed"
            )
        }
        let merging = "in KeePassXC (Database, Merge), which wants the password and key file of then"
        guard !isGone else {
            // An unlock of the same file at its new path has taken over what it could.
            return .warning(
                subject,
                "what Keybell had saved in \(vault), which is gone or can't be read, and the `path` of no [[vault]] any more, is kept in \(path)",
                do:
                    "If the file was moved and what was saved may be missing there, merge \(path) into it \(merging); then, or if it isn't needed, remove it."
            )
        }
        return .warning(
            subject,
            "what Keybell had saved in \(vault), which is the `path` of no [[vault]] any more, may be missing in that file, and is kept in \(path) under the key that the vault had then",
            do:
                "Make that the `path` of a [[vault]] again and `keybell unlock` it, which merges it; or merge it \(merging), and remove it."
        )
    }

    /// SHA-256 of a file in hex; nil where it can't be read.
    @Sendable static func digest(_ path: String) -> String? {
        // One that has gone has nothing for certain.
        (try? FileBytes.read(FileBytes.resolved(path), limit: longest)).map { Hex.text(Digest.sha256($0)) }
    }
}

/// The digests of vaults' files, each looked at once and by itself: one may be on a mount that hangs, which is nothing of the
/// others' concern.
private struct VaultDigests {
    enum Look {
        case late
        /// In hex; nil where the file can't be read.
        case read(String?)
    }

    private let limit: Duration
    private let digest: @Sendable (String) -> String?
    private var looks: [String: Look] = [:]

    init(limit: Duration, digest: @escaping @Sendable (String) -> String?) {
        (self.limit, self.digest) = (limit, digest)
    }

    mutating func look(_ file: String) async -> Look {
        if let known = looks[file] { return known }
        let found = await TimedLook.result(within: limit) { [digest] in digest(file) }
        let look = found.map { Look.read($0) } ?? .late
        looks[file] = look
        return look
    }
}
