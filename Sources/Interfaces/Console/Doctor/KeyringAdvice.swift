// SPDX-License-Identifier: Apache-2.0

import SecretService

/// What to do about the keyring, in the words of the program that offers it.
enum KeyringAdvice {
    static func withoutProvider(_ report: KeyringReport) -> String {
        guard report.error != .deadline else { return KeyringError.deadline.advice }
        let switches = report.idle.map { program in
            switch program {
            case .gnomeKeyring:
                "gnome-keyring runs without it: end it and start `gnome-keyring-daemon --components=secrets`."
            case .keePassXC:
                "KeePassXC runs without it: turn on Tools, Settings, Secret Service Integration."
            case .kwallet:
                "KWallet runs without it: put `apiEnabled=true` under `[org.freedesktop.secrets]` in "
                    + "~/.config/kwalletrc and log in again."
            }
        }
        return switches.isEmpty ? KeyringError.noProvider.advice : switches.joined(separator: " ")
    }

    static let startable =
        "It is started when a client asks or by `keybell unlock keyring`. If your keyring is one that you start yourself, "
        + "such as KeePassXC, start that first."

    static func withoutCollection(_ report: KeyringReport, isDefault: Bool) -> String {
        guard report.error != .deadline else { return KeyringError.deadline.advice }
        let known = report.others.map { "\"\($0)\"" }.joined(separator: ", ")
        let naming = known.isEmpty ? "" : " Or name one that there is as [keyring] collection: \(known)."
        guard isDefault else {
            return known.isEmpty
                ? make(report) : "Name one that there is as [keyring] collection: \(known)."
        }
        return make(report) + naming
    }

    private static func make(_ report: KeyringReport) -> String {
        switch report.program {
        case .gnomeKeyring:
            "Make a keyring in Seahorse and set it as default; without a desktop, type a password for it in a terminal of "
                + "this session: " + KeyringError.unlockCommand
        case .keePassXC:
            "Open a database in KeePassXC, and choose the group for it in Database, Database Settings, "
                + "Secret Service Integration."
        case .kwallet:
            "Make a wallet in KWalletManager (`kwalletmanager5`); the first one becomes the default."
        case nil:
            KeyringError.noDefaultCollection.advice
        }
    }

    static let volatile =
        "Make a keyring that is kept on the disk in Seahorse and set it as default, or name one as [keyring] "
        + "collection, such as \"login\"."

    static func locked(_ report: KeyringReport) -> String {
        let place =
            switch report.program {
            case .gnomeKeyring:
                "by `keybell unlock keyring`, or in Seahorse; without a display, type its password in a terminal of this "
                    + "session: " + KeyringError.unlockCommand
            case nil: "or by `keybell unlock keyring`."
            case .keePassXC: "or in KeePassXC's window."
            case .kwallet:
                "or by `keybell unlock`. KWallet starts locked for the Secret Service even if its wallet is open."
            }
        return "It is unlocked when you allow that, " + place
    }

    static func lockedItems(_ report: KeyringReport) -> String {
        let always =
            report.program == .keePassXC
            ? " To be asked by Keybell alone, turn off “Confirm when passwords are retrieved by clients” "
                + "in KeePassXC's Settings, Secret Service Integration."
            : ""
        return "Run `keybell unlock` and allow them there, each time that keybelld has started." + always
    }
}
