// SPDX-License-Identifier: Apache-2.0

import Clients
import DisplayText
import FoundationEssentials
import Glibc
import Linux
import Settings

/// Checks that the state folder can store what has to be kept: nonces, the audit, the vaults' Hashes.
enum StateCheck {
    /// As much as a few records take.
    private static let probe = [UInt8](repeating: 0, count: 512)

    /// Writes a file there and takes it away again; a folder that isn't there yet is made, as the daemon would.
    static func finding(_ folder: String = Folders.ofProcess().state) -> Finding {
        let file = "\(folder)/doctor-\(getpid())"
        // One that could not be written isn't there.
        defer { try? FileManager.default.removeItem(atPath: file) }
        do throws(SystemCallError) {
            try SafeFile.makeFolder(folder)
            try SafeFile.write(probe, to: file)
            return .ok("State", "\(folder) can be written to")
        } catch {
            return finding(folder, error)
        }
    }

    /// What can't be read there, so that nobody is let in, grants don't count, or nothing can be changed.
    static func unreadable(_ folder: String = Folders.ofProcess().state) -> [Finding] {
        let grants = GrantRegistry.trouble(in: folder).map { trouble in
            Finding.warning(
                "Grants",
                "nothing that was allowed or denied for good counts: \(trouble)",
                do: "Fetch it from a backup or move it away; `keybell grants` then lists what counts again."
            )
        }
        let clients = ClientRegistry.trouble(in: folder).map { trouble in
            Finding.failure(
                "Clients",
                "no client is let in: \(trouble)",
                do: "Fetch it from a backup or move it away; `keybell clients` then lists who is let in."
            )
        }
        let nonces = NonceRegistry.trouble(in: folder).map { trouble in
            let path = ShellWord.quoting("\(folder)/nonces")
            return Finding.failure(
                "Nonces",
                "no client can save or change anything: \(trouble)",
                do: "See `ls -l \(path)`; if the file itself is damaged: `mv \(path) \(path).damaged`."
            )
        }
        return [clients, grants, nonces].compactMap(\.self)
    }

    static func finding(_ folder: String, _ error: SystemCallError) -> Finding {
        let name = ShellWord.quoting(folder)
        let (text, advice): (String, String) =
            switch error.code {
            case ENOSPC, EDQUOT:
                ("is on a disk that is full", "Make room: `df -h \(name)` shows how much is left.")
            case EROFS:
                ("can only be read", "Mount its disk for writing, or set XDG_STATE_HOME to another folder.")
            case EACCES, EPERM:
                (
                    "may not be written to",
                    "Make it yours: `sudo chown -R $USER \(name)` and `chmod u+rwx \(name)`."
                )
            case ENOTDIR, EEXIST: ("is, or lies under, something that is no folder", "Move that file away.")
            default: ("can't be written to (\(error))", "See `ls -ld \(name)`, and whether its disk is well.")
            }
        return .failure(
            "State",
            "\(folder) \(text): a new file has no place there, so that changes may be refused, and what you allow or deny for good isn't kept",
            do: advice
        )
    }
}
