// SPDX-License-Identifier: Apache-2.0

import Glibc
import Linux
import UnicodeText

/// Looks at processes for one question: what several have in common, such as their parents, is read once.
///
/// It asks no file system that another program serves, but a process can make the kernel itself slow to answer about
/// it, so this never runs on a serving thread.
final class ProcessReader {
    private struct Entry {
        let record: ProcessRecord
        let parent: ProcessIdentity?
    }

    private let uid = getuid()
    /// What is mounted where.
    let mounts = MountTable()
    private var entries: [ProcessIdentity: Entry] = [:]

    /// A process and all its parents, the process first; empty if it has ended.
    ///
    /// Up to the top, unlike what is shown: a long chain of children doesn't hide the first parent.
    func chain(from identity: ProcessIdentity) -> [ProcessRecord] {
        var chain: [ProcessRecord] = []
        var next: ProcessIdentity? = identity
        while let identity = next, let entry = entry(identity) {
            chain.append(entry.record)
            next = entry.parent
        }
        return chain
    }

    private func entry(_ identity: ProcessIdentity) -> Entry? {
        if let entry = entries[identity] { return entry }
        guard let record = read(identity) else { return nil }
        let entry = Entry(record: record, parent: parent(of: identity))
        entries[identity] = entry
        return entry
    }

    /// Looks at a process.
    ///
    /// - Returns: nil if it has ended, even while it was being looked at: then the facts may be its successor's.
    private func read(_ identity: ProcessIdentity) -> ProcessRecord? {
        let pid = identity.pid
        guard let status = ProcessTable.status(of: pid), status.startTime == identity.startTime else {
            return nil
        }
        let file = ExecutableFile(of: pid, uid: uid, mounts: mounts)
        // All its threads have ended, and it is only waiting to be reaped.
        if file == nil, status.hasEnded, ProcessTable.survivors(of: pid).isEmpty { return nil }
        let executable = (file?.path ?? "").streamSafe
        let isForeign = file == nil && ProcessTable.uid(of: pid) != uid
        let record = ProcessRecord(
            identity: identity,
            executable: executable,
            name: isForeign ? status.command : nil,
            script: Interpreter(executable: executable)?.script(
                in: ProcessTable.commandLine(of: pid),
                folder: ProcessTable.currentFolder(of: pid).map(ExecutableFile.withoutDeletedMark)
            )?.streamSafe,
            hasTerminal: status.terminal != 0,
            scope: ControlGroup(ProcessTable.controlGroup(of: pid) ?? "").applicationUnit,
            userWritable: file?.isWritable ?? false,
            isFoundAtPath: file?.isFoundAtPath ?? true,
            running: file?.program(of: status),
            group: status.group,
            session: status.session,
            sight: file != nil ? .open : isForeign ? .foreign : .hidden
        )
        return ProcessTable.status(of: pid)?.startTime == identity.startTime ? record : nil
    }

    /// Finds the parent; nil at the top, or if its number has passed to a younger process.
    private func parent(of identity: ProcessIdentity) -> ProcessIdentity? {
        guard let child = ProcessTable.status(of: identity.pid), child.startTime == identity.startTime,
            child.parent > 1, let parent = ProcessTable.status(of: child.parent),
            parent.startTime <= identity.startTime
        else { return nil }
        return ProcessIdentity(pid: parent.pid, startTime: parent.startTime)
    }
}

extension ProcessIdentity {
    /// The process that has this number now.
    init?(running pid: Int32) {
        guard let status = ProcessTable.status(of: pid) else { return nil }
        self.init(pid: pid, startTime: status.startTime)
    }
}
