// SPDX-License-Identifier: Apache-2.0

import KDBX
import Vault

extension VaultError {
    /// What can't be stored as it is isn't stored at all: what is saved is what was shown and allowed, or nothing.
    static let unwritable = VaultError.refused(
        "A text has control characters or others that can't be stored, or two fields have one name; nothing was saved."
    )

    /// What is wrong with a vault's file, in words that a person can act on.
    init(_ error: KDBXError, vault: String, limits: KDBXLimits) {
        let file = "The file of the vault \(vault)"
        // Not its path: clients read this, too.
        let backup = "`keybell doctor` says where a backup is, if Keybell has made one."
        switch error {
        case .notKDBX:
            self = .unavailable("\(file) is no KeePass database.")
        case .keePass1:
            self = .unavailable("\(file) is of KeePass 1; convert it with KeePass or KeePassXC.")
        case .unsupportedVersion(let major, let minor):
            let cure =
                major < 4
                ? "open it in KeePass or KeePassXC and save it once, which makes it a newer one."
                : "have the program that wrote it save it as 4.1 or older."
            self = .unavailable(
                "\(file) is of version \(major).\(minor), and 3.1, 4.0 and 4.1 can be read: \(cure)"
            )
        case .unsupportedCipher, .unsupportedKeyDerivation, .unsupportedInnerStream, .unsupportedCompression:
            self = .unavailable(
                "\(file) is encrypted or packed in a way that Keybell doesn't know; open it in KeePassXC and save it as KDBX 4."
            )
        case .tooCostly(let cost):
            self = .unavailable("\(file) \(cost.sentence(limits))")
        case .tooLarge:
            self = .unavailable("\(file) is too large.")
        case .excessive(let excess):
            self = .unavailable(
                "\(file) has more \(excess.rawValue) than a file of its size can have reason for. \(backup)"
            )
        case .truncated:
            self = .unavailable("\(file) ends too early; is it still being copied? If not: \(backup)")
        case .damaged(.nullCharacter):
            self = .unavailable(
                "\(file) has a NUL character in a field, which no KeePass file can have; write that field anew with the program that made it, or fetch a backup: `keybell doctor` says where there is one."
            )
        case .damaged(let part):
            self = .unavailable("\(file) is damaged (\(part.rawValue)). \(backup)")
        case .wrongKey, .cancelled:
            self = .locked
        case .noKey:
            self = .unavailable("The vault \(vault) has neither a password nor a key file.")
        case .keyFile(let fault):
            self = .unavailable("The key file of the vault \(vault) is of no use (\(fault.rawValue)).")
        case .notFound:
            self = .notFound
        case .unwritable:
            self = .unwritable
        case .failed:
            self = .failed("\(file) could not be worked on, mostly for want of memory.")
        }
    }
}
