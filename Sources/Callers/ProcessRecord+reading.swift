// SPDX-License-Identifier: Apache-2.0

import Kernel

extension ProcessRecord {
    /// Looks at a process.
    ///
    /// - Parameters:
    ///   - identity: Which one.
    ///   - uid: Our user, to say what this user could replace.
    /// - Returns: nil if it has ended, also while it was looked at: then the facts may be its successor's.
    static func read(_ identity: ProcessIdentity, uid: UInt32) -> ProcessRecord? {
        let pid = identity.pid
        guard let status = ProcessTable.status(of: pid), status.startTime == identity.startTime else {
            return nil
        }
        let executable = ProcessTable.executable(of: pid).map(withoutDeletedMark) ?? ""
        let isForeign = executable.isEmpty && ProcessTable.uid(of: pid) != uid
        let record = ProcessRecord(
            identity: identity,
            executable: executable,
            name: isForeign ? status.command : nil,
            script: Interpreter(executable: executable)?.script(
                in: ProcessTable.commandLine(of: pid),
                folder: ProcessTable.folder(of: pid).map(withoutDeletedMark)
            ),
            hasTerminal: status.terminal != 0,
            scope: ControlGroup(ProcessTable.controlGroup(of: pid) ?? "").applicationUnit,
            userWritable: ProcessTable.isExecutableWritable(of: pid, by: uid)
        )
        return ProcessTable.status(of: pid)?.startTime == identity.startTime ? record : nil
    }

    /// Looks at a process and its parents, up to init or the user's own service manager.
    ///
    /// - Parameters:
    ///   - identity: The first one.
    ///   - uid: Our user.
    ///   - limit: How many at most.
    /// - Returns: The process first; empty if it has ended.
    static func chain(from identity: ProcessIdentity, uid: UInt32, limit: Int) -> [ProcessRecord] {
        var chain: [ProcessRecord] = []
        var next: ProcessIdentity? = identity
        while let identity = next, chain.count < limit, let record = read(identity, uid: uid) {
            if !chain.isEmpty, serviceManagers.contains(record.executable) { break }
            chain.append(record)
            next = parent(of: identity)
        }
        return chain
    }

    /// Finds the parent; nil at the top, or where its number has passed to a younger process.
    static func parent(of identity: ProcessIdentity) -> ProcessIdentity? {
        guard let child = ProcessTable.status(of: identity.pid), child.startTime == identity.startTime,
            child.parent > 1, let parent = ProcessTable.status(of: child.parent),
            parent.startTime <= identity.startTime
        else { return nil }
        return ProcessIdentity(pid: parent.pid, startTime: parent.startTime)
    }

    private static let serviceManagers: Set = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"]

    private static func withoutDeletedMark(_ path: String) -> String {
        let mark = " (deleted)"
        return path.hasSuffix(mark) ? String(path.dropLast(mark.count)) : path
    }
}

extension ProcessIdentity {
    /// The process that has this number now.
    init?(running pid: Int32) {
        guard let status = ProcessTable.status(of: pid) else { return nil }
        self.init(pid: pid, startTime: status.startTime)
    }
}
