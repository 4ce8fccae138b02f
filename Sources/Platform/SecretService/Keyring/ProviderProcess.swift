// SPDX-License-Identifier: Apache-2.0

import DBus
import Linux

/// The program that offers the Secret Service.
struct ProviderProcess: Sendable {
    /// Its process.
    let pid: Int32?
    /// Its executable, where that can be read.
    let executable: String?
    /// What the kernel calls it, which it can change: KeePassXC lets nobody look into it.
    let command: String?

    /// Looks at the owner of a bus name; what the bus or the kernel can't tell stays unknown.
    init(_ owner: String, on bus: BusConnection) async {
        pid = try? await bus.credentials(of: owner).pid  // as said above
        executable = pid.flatMap { ProcessTable.executable(of: $0) }
        command = pid.flatMap { ProcessTable.status(of: $0)?.command }
    }

    /// What it is called, without a line feed: the same for all versions of a known program.
    var name: String { Self.name(executable: executable, command: command) }

    static func name(executable: String?, command: String?) -> String {
        KeyringReport.Program(executable: executable, command: command)?.rawValue
            ?? (executable ?? command ?? "an unknown program").filter { !$0.isNewline }
    }
}

extension KeyringReport.Program {
    /// The program with this executable or, where that can't be read, of this name; nil for one that isn't known.
    init?(executable: String?, command: String?) {
        switch executable?.split(separator: "/").last.map(String.init) ?? command {
        // The kernel keeps 15 bytes of a name.
        case "gnome-keyring-daemon", "gnome-keyring-d": self = .gnomeKeyring
        case "keepassxc": self = .keePassXC
        case "kwalletd5", "kwalletd6", "ksecretd": self = .kwallet
        default: return nil
        }
    }
}
