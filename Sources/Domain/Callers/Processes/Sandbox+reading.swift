// SPDX-License-Identifier: Apache-2.0

import Glibc
import Linux

extension Sandbox {
    /// Finds the sandbox of a process; nil for one outside any sandbox.
    ///
    /// Any program can choose what it has at its root and in which control group it runs: either makes it count as
    /// sandboxed, and neither alone vouches for an id. AppArmor's label does for a Snap, and for a Flatpak the note
    /// that `flatpak run` keeps of each running instance.
    init?(of pid: Int32, mounts: MountTable) {
        self.init(
            root: RootFile(".flatpak-info", of: pid, mounts: mounts),
            label: ProcessTable.securityLabel(of: pid) ?? "",
            group: ControlGroup(ProcessTable.controlGroup(of: pid) ?? ""),
            // Flatpak gives up new privileges for good before it starts anything, and another user's process is in no
            // sandbox of this one's.
            mayHide: ProcessTable.uid(of: pid) == getuid() && ProcessTable.hasNoNewPrivileges(pid) != false,
            mounts: mounts
        )
    }

    /// Decides by what was found out; a root that may not be looked into counts as a sandbox's, where it could be one.
    init?(
        root: RootFile,
        label: String,
        group: ControlGroup,
        mayHide: @autoclosure () -> Bool,
        mounts: MountTable
    ) {
        switch root {
        // The file is there for every Flatpak; one that can't be understood is a sandbox all the same.
        case .content(let info):
            self = Self.flatpak(in: FlatpakInfo(info), group: group, mounts: mounts)
            return
        case .unreadable:
            self = .unknown
            return
        case .absent, .hidden: break
        }
        if let name = Self.snap(inLabel: label) {
            self = Sandbox(snap: name) ?? .unknown
        } else if let name = group.flatpak {
            self = Sandbox(flatpak: name, isVouched: false) ?? .unknown
        } else if let name = group.snap {
            self = Sandbox(snap: name, isVouched: false) ?? .unknown
        } else if root == .hidden, mayHide() {
            self = .unknown
        } else {
            return nil
        }
    }

    /// Decides what a process's `.flatpak-info` is worth.
    ///
    /// - Parameters:
    ///   - info: What is in it.
    ///   - group: The process's control group; if it names a Flatpak, it has to be the same.
    ///   - runtime: The person's runtime folder, in which Flatpak notes what runs.
    ///   - mounts: What is mounted where.
    /// - Returns: The Flatpak, or an unknown sandbox.
    static func flatpak(
        in info: FlatpakInfo,
        group: ControlGroup,
        runtime: String = Self.runtimeFolder,
        mounts: MountTable
    ) -> Sandbox {
        guard let name = info.name else { return .unknown }
        var isVouched = false
        if let instance = info.instance, group.flatpak == nil || group.flatpak == name {
            let path = "\(runtime)/.flatpak/\(instance)/info"
            isVouched = mounts.content(of: path).map { FlatpakInfo($0) == info } ?? false
        }
        return Sandbox(flatpak: name, isVouched: isVouched) ?? .unknown
    }

    /// The person's folder for what lasts as long as the session.
    static var runtimeFolder: String {
        unsafe getenv("XDG_RUNTIME_DIR").map { unsafe String(cString: $0) } ?? "/run/user/\(getuid())"
    }

    /// The name of the Snap in AppArmor's label for its programs, `snap.NAME.APP (enforce)`.
    static func snap(inLabel label: String) -> String? {
        guard label.utf8.starts(with: "snap.".utf8) else { return nil }
        let name = label.utf8.dropFirst("snap.".utf8.count).prefix {
            $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: " ")
        }
        return name.isEmpty ? nil : String(Substring(name))
    }
}

/// What Flatpak tells about an instance, at the root of its file system and in the person's runtime folder.
struct FlatpakInfo: Equatable {
    /// `name=` of `[Application]`, or of `[Runtime]` when a runtime is run by itself.
    private(set) var name: String?

    /// `instance-id=` of `[Instance]`, a number.
    private(set) var instance: String?

    /// Reads a key file, by its bytes: the process may have written it itself.
    init(_ bytes: [UInt8]) {
        var section: ArraySlice<UInt8> = []
        for line in bytes.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            if line.first == UInt8(ascii: "["), line.last == UInt8(ascii: "]") {
                section = line.dropFirst().dropLast()
            } else if Self.isAny(of: ["Application", "Runtime"], section) {
                if name == nil, let value = Self.value(of: "name=", in: line) {
                    name = String(decoding: value, as: UTF8.self)
                }
            } else if Self.isAny(of: ["Instance"], section),
                let value = Self.value(of: "instance-id=", in: line),
                (1...20).contains(value.count), value.allSatisfy({ (48...57).contains($0) })
            {
                instance = String(decoding: value, as: UTF8.self)
            }
        }
    }

    private static func isAny(of names: [String], _ section: ArraySlice<UInt8>) -> Bool {
        names.contains { section.elementsEqual($0.utf8) }
    }

    private static func value(of key: String, in line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        line.starts(with: key.utf8) ? line.dropFirst(key.utf8.count) : nil
    }
}
