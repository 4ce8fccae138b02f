// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Terminals by the paths of their devices.
package enum TerminalDevice {
    /// The number by which /proc names a terminal (`ProcessStatus.terminal`); nil for what isn't a device.
    package static func number(_ path: String) -> Int32? {
        var status = stat()
        guard path.hasPrefix("/dev/"), unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFCHR
        else { return nil }
        // The C library packs major and minor number as the kernel does, with more bits above them.
        return Int32(truncatingIfNeeded: status.st_rdev)
    }

    /// The path under which the kernel itself keeps a terminal of this number; nil for one that isn't a pseudo-terminal
    /// or a console.
    ///
    /// A path that somebody gives can lead elsewhere by the time it is opened.
    package static func path(_ number: Int32) -> String? {
        let number = UInt32(bitPattern: number)
        let major = number >> 8 & 0xFFF
        let minor = number & 0xFF | number >> 12 & 0xFFF00
        return switch major {
        // UNIX98_PTY_SLAVE_MAJOR and TTY_MAJOR, Documentation/admin-guide/devices.txt of Linux.
        case 136...143: "/dev/pts/\(minor + (major - 136) << 8)"
        case 4 where minor > 0 && minor < 64: "/dev/tty\(minor)"
        default: nil
        }
    }

    /// Writes a text to the terminal that controls this process, wherever its standard streams lead.
    ///
    /// - Returns: Whether there is one that took it.
    package static func writeToOwn(_ text: String) -> Bool {
        do throws(SystemCallError) {
            let terminal = try Descriptor("open", unsafe open("/dev/tty", O_WRONLY | O_CLOEXEC))
            try terminal.write(Array(text.utf8))
            return true
        } catch {
            return false
        }
    }

    /// The path of the terminal that this process's standard streams lead to, if it is its controlling terminal and the
    /// process is in the foreground there: one that it may use, and that nobody else reads meanwhile.
    package static func ownInForeground() -> String? {
        guard let stream = (0...2).first(where: { isatty($0) == 1 }), tcgetsid(stream) == getsid(0),
            tcgetpgrp(stream) == getpgrp(), let name = unsafe ttyname(stream)
        else { return nil }
        return unsafe String(cString: name)
    }
}

/// A terminal that this process has lent to another one: its mode is restored when this value goes, and what was typed
/// but not read is thrown away.
package struct TerminalLease: ~Copyable {
    private let mode: TerminalMode

    /// Remembers the terminal's mode; Ctrl-Z does nothing until the terminal is back, or the shell and its borrower
    /// would both read from it.
    ///
    /// - Throws: `errno` of what failed; ENOTTY where no standard stream is a terminal.
    package init() throws(SystemCallError) {
        mode = try TerminalMode(of: (0...2).first { isatty($0) == 1 } ?? 0)
        ProcessSignals.suspend(SIGTSTP)
    }

    deinit {
        mode.restore()
        ProcessSignals.resume(SIGTSTP)
    }
}
