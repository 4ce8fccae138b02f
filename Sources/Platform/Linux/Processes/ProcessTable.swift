// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// What /proc tells about a process right now.
package struct ProcessStatus: Hashable, Sendable {
    /// The process.
    package let pid: Int32

    /// The kernel's short name for it, which the process can change.
    package let command: String

    /// Its parent, 0 for none.
    package let parent: Int32

    /// Its process group.
    package let group: Int32

    /// Its session.
    package let session: Int32

    /// The number of its controlling terminal, 0 for none.
    package let terminal: Int32

    /// When it started, in clock ticks since boot: with the pid it names a process once and for all.
    package let startTime: UInt64

    /// Where the stack of the program that it runs begins: a different place after each exec, unless a program prevents
    /// that; 0 if it may not be seen.
    package fileprivate(set) var image: UInt64

    /// Whether its first thread has ended; others may go on.
    package let hasEnded: Bool

    /// Reads a /proc/PID/stat line; nil if it isn't one.
    package init?(parsing line: [UInt8]) {
        // The command may hold anything, blanks and brackets too: fields are counted from its last bracket.
        guard let opening = line.firstIndex(of: UInt8(ascii: "(")),
            let closing = line.lastIndex(of: UInt8(ascii: ")")), opening < closing,
            let pid = Int32(String(decoding: line[..<opening], as: UTF8.self).filter { $0 != " " })
        else { return nil }
        // state ppid pgrp session tty_nr … and starttime as the twentieth
        let fields = line[(closing + 1)...].split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
        func number<Number: FixedWidthInteger>(_ index: Int) -> Number? {
            Number(String(decoding: fields[index], as: UTF8.self))
        }
        guard fields.count >= 20, let parent: Int32 = number(1), let group: Int32 = number(2),
            let session: Int32 = number(3),
            let terminal: Int32 = number(4), let startTime: UInt64 = number(19)
        else { return nil }
        self.pid = pid
        self.parent = parent
        self.group = group
        self.session = session
        self.terminal = terminal
        self.startTime = startTime
        image = fields.count > 25 ? number(25) ?? 0 : 0
        hasEnded =
            fields[0].first.map { [UInt8(ascii: "Z"), UInt8(ascii: "X"), UInt8(ascii: "x")].contains($0) }
            ?? true
        command = String(decoding: line[(opening + 1)..<closing], as: UTF8.self)
    }
}

/// Processes, as /proc shows them; everything is nil or empty for one that is gone or may not be looked at.
package enum ProcessTable {
    /// The time as start times have it, in clock ticks since boot.
    package static var now: UInt64 {
        var time = timespec()
        // It can't fail for a clock that every kernel has.
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        let ticks = UInt64(clamping: sysconf(Int32(_SC_CLK_TCK)))
        return UInt64(clamping: time.tv_sec) * ticks + UInt64(clamping: time.tv_nsec) * ticks / 1_000_000_000
    }

    /// Reads parent, terminal and start time.
    package static func status(of pid: Int32) -> ProcessStatus? {
        guard var status = status(in: "/proc/\(pid)") else { return nil }
        if status.hasEnded { status.image = self.status(in: folder(of: pid))?.image ?? 0 }
        return status
    }

    /// Reads what a folder of `/proc` tells of its thread.
    static func status(in folder: String) -> ProcessStatus? {
        (try? FileBytes.read(folder + "/stat")).flatMap { ProcessStatus(parsing: $0) }  // gone: nil
    }

    /// Reads the path of the executable as the kernel gives it, a trailing ` (deleted)` included.
    package static func executable(of pid: Int32) -> String? {
        look(at: pid) { FileBytes.link($0 + "/exe") }
    }

    /// Reads the current folder.
    package static func currentFolder(of pid: Int32) -> String? {
        look(at: pid) { FileBytes.link($0 + "/cwd") }
    }

    /// Reads the first arguments, which the process can change.
    ///
    /// - Parameters:
    ///   - pid: The process.
    ///   - limit: How many arguments are read at most.
    /// - Returns: Them, at most 64 KiB together; none of a process that is gone.
    package static func commandLine(of pid: Int32, limit: Int = 128) -> [String] {
        let found = look(at: pid) { folder in
            // Gone, or its first thread has ended: none.
            (try? FileBytes.beginning(of: folder + "/cmdline", limit: 64 << 10)).flatMap {
                $0.isEmpty ? nil : $0
            }
        }
        guard let bytes = found else { return [] }
        var arguments = bytes.split(separator: 0, maxSplits: limit, omittingEmptySubsequences: false)
        // What follows the last terminator is an incomplete rest, or nothing.
        if arguments.last?.isEmpty == true || arguments.count > limit { arguments.removeLast() }
        return arguments.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Reads where standard input, output and error lead, where that is something others can't have by chance: a pipe,
    /// a socket, a terminal, or a file that isn't a device.
    package static func streams(of pid: Int32) -> Set<String> {
        let found = look(at: pid) { folder in
            let links = (0...2).compactMap { FileBytes.link("\(folder)/fd/\($0)", limit: 512) }
            return links.isEmpty ? nil : links
        }
        return Set((found ?? []).filter { !$0.hasPrefix("/dev/") || $0.hasPrefix("/dev/pts/") })
    }

    /// Reads the control group's path in the unified hierarchy, else in systemd's own.
    package static func controlGroup(of pid: Int32) -> String? {
        guard let bytes = try? FileBytes.read(folder(of: pid) + "/cgroup") else { return nil }  // gone: nil
        // id:controllers:path, one line per hierarchy; the unified one is 0 and has no controllers
        var paths: [Substring: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            if fields.count == 3 { paths[fields[1]] = String(fields[2]) }
        }
        let unified = paths[""]
        return unified == nil || unified == "/" ? paths["name=systemd"] ?? unified : unified
    }

    /// Reads the real user.
    package static func uid(of pid: Int32) -> UInt32? {
        value("Uid", of: pid).flatMap { UInt32($0) }
    }

    /// Reads whether it has given up new privileges for good, for itself and all that it starts.
    package static func hasNoNewPrivileges(_ pid: Int32) -> Bool? {
        value("NoNewPrivs", of: pid).map { $0 == "1" }
    }

    /// The first value of a line of `/proc/PID/status`, which tells it of any process.
    private static func value(_ name: String, of pid: Int32) -> Substring? {
        guard let bytes = try? FileBytes.read("/proc/\(pid)/status") else { return nil }  // gone: nil
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix(name + ":") }) else { return nil }
        return line.split(separator: "\t").dropFirst().first
    }

    /// Reads the label that AppArmor has given the process.
    package static func securityLabel(of pid: Int32) -> String? {
        let folder = folder(of: pid)
        for name in ["attr/apparmor/current", "attr/current"] {
            // Absent without AppArmor, and EINVAL where it is off: none.
            guard let bytes = try? FileBytes.read("\(folder)/\(name)", limit: 4096), !bytes.isEmpty else {
                continue
            }
            return String(decoding: bytes.prefix { $0 != 0 && $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        }
        return nil
    }
}
