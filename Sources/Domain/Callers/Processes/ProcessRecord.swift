// SPDX-License-Identifier: Apache-2.0

package import Linux

/// One process and no other: its number, and when it started, since numbers are used again.
package struct ProcessIdentity: Hashable, Sendable {
    /// The process number.
    package let pid: Int32

    /// Clock ticks from boot to its start.
    package let startTime: UInt64

    /// Keeps both.
    package init(pid: Int32, startTime: UInt64) {
        self.pid = pid
        self.startTime = startTime
    }
}

/// What was found out about a process when it was looked at.
package struct ProcessRecord: Hashable, Sendable {
    /// Which process.
    package let identity: ProcessIdentity

    /// The executable's path without the kernel's ` (deleted)`; empty if it may not be seen.
    package let executable: String

    /// The executable's last component; for another user's process, whose path can't be seen, the kernel's name.
    package let name: String

    /// For an interpreter the absolute path of its script, or `-m` and its module, as its arguments claim.
    package let script: String?

    /// Whether it has a controlling terminal.
    package let hasTerminal: Bool

    /// The unit `app-….scope` or `app-….service` that the desktop started it in.
    package let scope: String?

    /// Whether this user could replace the executable by another program.
    package let userWritable: Bool

    /// Whether the file that runs is the one that a person would start under that path; true where it can't be seen.
    package private(set) var isFoundAtPath: Bool

    /// What it ran when it was looked at; nil where that can't be seen.
    let running: RunningProgram?

    /// Its process group and its session, 0 if unknown.
    let group: Int32
    let session: Int32

    /// How much of it may be looked at.
    package enum Sight: Hashable, Sendable {
        /// All.
        case open
        /// It is this user's, and forbids looking at what it runs.
        case hidden
        /// It is another user's.
        case foreign
    }

    let sight: Sight

    /// Keeps facts; the name is the executable's unless another is given.
    package init(
        identity: ProcessIdentity,
        executable: String,
        name: String? = nil,
        script: String? = nil,
        hasTerminal: Bool = false,
        scope: String? = nil,
        userWritable: Bool = false,
        isFoundAtPath: Bool = true,
        running: RunningProgram? = nil,
        group: Int32 = 0,
        session: Int32 = 0,
        sight: Sight = .open
    ) {
        self.identity = identity
        self.executable = executable
        self.name = name ?? executable.split(separator: "/").last.map(String.init) ?? ""
        self.script = script
        self.hasTerminal = hasTerminal
        self.scope = scope
        self.userWritable = userWritable
        self.isFoundAtPath = isFoundAtPath
        self.running = running
        self.group = group
        self.session = session
        self.sight = sight
    }

    /// The executable's path, for an interpreter with that of its script behind it; empty if it can't be seen.
    package var program: String {
        guard !executable.isEmpty, let script else { return executable }
        return "\(executable) \(script)"
    }

    /// Whether its program is an interpreter that names no script, and so stands for whatever that runs without one.
    package var isAnyScript: Bool { script == nil && Program.isAnyScript(executable) }

    /// The same, marked as one whose program isn't what it was when it got hold of a connection: nobody vouches for it.
    var changed: ProcessRecord {
        var record = self
        record.isFoundAtPath = false
        return record
    }

    /// Whether it is what starts programs for others: systemd, as the system's or as a user's.
    package var isServiceManager: Bool {
        isFoundAtPath && ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"].contains(executable)
    }
}
