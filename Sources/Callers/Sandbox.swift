// SPDX-License-Identifier: Apache-2.0

import Kernel

/// Finds the Flatpak or Snap in which a process runs.
enum Sandbox {
    /// What a sandbox is called whose id can't be found out; no Flatpak or Snap has such a name.
    static let unknown = "unknown sandbox"

    /// The id of the process's sandbox, nil for a process of the open system.
    static func id(of pid: Int32) -> String? {
        switch ProcessTable.rootFile(".flatpak-info", of: pid) {
        // The file is there for every Flatpak; one that can't be understood is a sandbox all the same.
        case .content(let info): return flatpak(in: info) ?? unknown
        case .unreadable: return unknown
        case .absent, .hidden: break
        }
        let group = ControlGroup(ProcessTable.controlGroup(of: pid) ?? "")
        return group.flatpak ?? group.snap ?? snap(inLabel: ProcessTable.securityLabel(of: pid) ?? "")
    }

    /// Reads `name=` of `[Application]` (or of `[Runtime]`, when a runtime is run by itself).
    static func flatpak(in info: [UInt8]) -> String? {
        var section: Substring = ""
        for line in String(decoding: info, as: UTF8.self).split(whereSeparator: \.isNewline) {
            if line.hasPrefix("["), line.hasSuffix("]") {
                section = line.dropFirst().dropLast()
            } else if section == "Application" || section == "Runtime", line.hasPrefix("name=") {
                let name = line.dropFirst("name=".count)
                return name.isEmpty ? nil : String(name)
            }
        }
        return nil
    }

    /// The name of the Snap in AppArmor's label for its programs, `snap.NAME.APP (enforce)`.
    static func snap(inLabel label: String) -> String? {
        guard label.hasPrefix("snap.") else { return nil }
        let name = label.dropFirst("snap.".count).prefix { $0 != "." && $0 != " " }
        return name.isEmpty ? nil : String(name)
    }
}
