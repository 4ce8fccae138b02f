// SPDX-License-Identifier: Apache-2.0

import Glibc
import Linux
import UnicodeText

/// Looks at processes for one question: what several have in common, such as their parents, is read once.
///
/// It asks no file system that another program serves, but a process can make the kernel itself slow to answer about
/// it, so this never runs on a serving thread.
final class ProcessReader {
    /// How much is read for one question.
    ///
    /// Far more than any desktop's programs need: they choose how many parents they have and what their arguments are.
    struct Limits {
        /// How many processes of a chain.
        var chain = 64
        /// How many bytes of paths and scripts of all.
        var text = 256 << 10
        /// How much of the processor's time.
        var time = Duration.milliseconds(100)
    }

    private struct Entry {
        let record: ProcessRecord
        let parent: ProcessIdentity?
    }

    private let shortages: () -> UInt64
    /// How many there had been before anything was read.
    private let formerShortages: UInt64
    private let uid = getuid()
    /// What is mounted where.
    let mounts: MountTable
    private var entries: [ProcessIdentity: Entry] = [:]
    private let limits: Limits
    private var text = 0
    private let start: Duration

    private var isWithinLimits = true

    /// Whether all was read that was asked for, also by others since it was made; otherwise a limit was in the way, or a
    /// want of descriptors, and nothing may be assumed about the rest.
    var isComplete: Bool { isWithinLimits && shortages() == formerShortages }

    /// Nothing is read yet of any process; to be used on the thread on which it is made.
    init(
        limits: Limits = Limits(),
        shortages: @escaping () -> UInt64 = { ResourceShortage.count }
    ) {
        self.limits = limits
        self.shortages = shortages
        formerShortages = shortages()
        mounts = MountTable()
        start = ThreadTime.now
    }

    /// A process and all its parents, the process first; empty if it has ended.
    ///
    /// Up to the top, unlike what is shown: a long chain of children doesn't hide the first parent. One that is too long
    /// isn't ``isComplete``.
    func chain(from identity: ProcessIdentity) -> [ProcessRecord] {
        var chain: [ProcessRecord] = []
        var next: ProcessIdentity? = identity
        while let identity = next {
            guard chain.count < limits.chain, text < limits.text,
                ThreadTime.now - start < limits.time
            else {
                isWithinLimits = false
                break
            }
            guard let entry = entry(identity) else { break }
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
        text += record.program.utf8.count
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
