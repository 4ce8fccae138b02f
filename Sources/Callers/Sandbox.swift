// SPDX-License-Identifier: Apache-2.0

import Kernel

/// Finds the Flatpak or Snap in which a process runs.
enum Sandbox {
    /// The id of the process's sandbox, nil for a process of the open system.
    static func id(of pid: Int32) -> String? {
        if let info = ProcessTable.rootFile(".flatpak-info", of: pid) {
            // The file is there for every Flatpak; one that can't be understood is a sandbox all the same.
            return flatpak(in: info) ?? "unknown"
        }
        let group = ControlGroup(ProcessTable.controlGroup(of: pid) ?? "")
        return group.flatpak ?? group.snap
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
}
