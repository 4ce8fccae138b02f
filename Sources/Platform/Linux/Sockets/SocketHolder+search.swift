// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

extension SocketHolder {
    /// What a search has found.
    package struct Found: Sendable {
        /// Who has one of the sockets open, and in which table.
        package var holders: [SocketHolder] = []

        /// Whether every table that may be looked at was read to its end; if not, somebody else may have one as well.
        package var isComplete = true
    }

    /// Lists every process that has one of these sockets open.
    ///
    /// Expensive: it reads all descriptors of all processes that may be looked at, and of every thread with a table of
    /// its own, once for all the sockets. Only the kernel is asked, so no file system can make it wait. Tables with few
    /// descriptors come first (Linux 6.2), so that a process with very many doesn't keep others from being found.
    ///
    /// - Parameters:
    ///   - inodes: The sockets.
    ///   - limit: After how long it ends at the latest.
    /// - Returns: Who was found, and whether all could be looked at.
    package static func find(_ inodes: Set<UInt64>, within limit: Duration = .seconds(2)) -> Found {
        let shortages = ResourceShortage.count
        guard let processes = unsafe opendir("/proc") else { return Found(isComplete: false) }
        defer { unsafe closedir(processes) }
        var search = Search(inodes: inodes, top: unsafe dirfd(processes), end: .now + limit)
        let tables = unsafe search.tables(of: processes)
        for table in tables.sorted(by: { $0.size < $1.size }) { search.read(table) }
        if ResourceShortage.count != shortages { search.found.isComplete = false }
        return search.found
    }

    /// A table of descriptors, and how many are in it.
    private struct Table {
        let pid: Int32
        let thread: Int32
        let size: Int

        var path: String { thread == pid ? "\(pid)/fd" : "\(pid)/task/\(thread)/fd" }
    }

    private struct Search {
        let inodes: Set<UInt64>
        /// `/proc`.
        let top: Int32
        let end: ContinuousClock.Instant
        var found = Found()
        private var steps = 0
        private let uid = geteuid()

        init(inodes: Set<UInt64>, top: Int32, end: ContinuousClock.Instant) {
            self.inodes = inodes
            self.top = top
            self.end = end
        }

        /// Lists the tables that may be read.
        @unsafe mutating func tables(of processes: OpaquePointer) -> [Table] {
            var tables: [Table] = []
            while let pid = unsafe ProcessTable.nextNumber(processes), takeStep() {
                // Others' tables, and those of processes that forbid it, belong to root; so does that of a first thread
                // which has ended, while other threads have theirs.
                let table = status("\(pid)/fd").flatMap { isOurs($0) ? $0 : nil }
                if let table { tables.append(Table(pid: pid, thread: pid, size: table.st_size)) }
                // A folder for each thread, besides `.` and `..`; it is the user's own in any case.
                if let threads = status("\(pid)/task"), threads.st_nlink != 3, isOurs(threads) {
                    tables += ownTables(ofThreadsOf: pid)
                }
            }
            return tables
        }

        /// The tables of threads that don't share their process's.
        private mutating func ownTables(ofThreadsOf pid: Int32) -> [Table] {
            let number = unsafe openat(top, "\(pid)/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard number >= 0 else {
                ResourceShortage.note(errno)
                return []
            }
            guard let threads = unsafe fdopendir(number) else {
                ResourceShortage.note(errno)
                close(number)
                return []
            }
            defer { unsafe closedir(threads) }
            var tables: [Table] = []
            while let thread = unsafe ProcessTable.nextNumber(threads), takeStep() {
                // If the kernel doesn't say whether they share one, it is read.
                guard thread != pid, let table = status("\(pid)/task/\(thread)/fd"), isOurs(table),
                    keybell_shares_files(pid, thread) != 1,
                    tables.last.map({ keybell_shares_files($0.thread, thread) }) != 1
                else { continue }
                tables.append(Table(pid: pid, thread: thread, size: table.st_size))
            }
            return tables
        }

        private func isOurs(_ folder: stat) -> Bool { folder.st_uid == uid || uid == 0 }

        /// Reads one table of descriptors.
        mutating func read(_ table: Table) {
            // Refused for other users' processes and for those that forbid it, gone for those that have ended.
            let number = unsafe openat(top, table.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard number >= 0 else { return ResourceShortage.note(errno) }
            guard let descriptors = unsafe fdopendir(number) else {
                ResourceShortage.note(errno)
                close(number)
                return
            }
            defer { unsafe closedir(descriptors) }
            while let entry = unsafe readdir(descriptors), takeStep() {
                let name = unsafe UnsafeRawPointer(entry)
                    .advanced(by: MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)
                    .assumingMemoryBound(to: CChar.self)
                guard let inode = unsafe SocketHolder.socket(at: number, name), inodes.contains(inode),
                    // Once for each process is enough.
                    !found.holders.contains(where: { $0.pid == table.pid && $0.inode == inode }),
                    let descriptor = unsafe Int32(String(cString: name))
                else { continue }
                found.holders.append(
                    SocketHolder(
                        inode: inode,
                        pid: table.pid,
                        thread: table.thread,
                        descriptor: descriptor,
                        program: RunningProgram(of: table.pid)
                    )
                )
            }
        }

        /// Looks at a clock now and then; false from the end on.
        private mutating func takeStep() -> Bool {
            steps += 1
            if steps % 256 == 1, found.isComplete, .now > end { found.isComplete = false }
            return found.isComplete
        }

        private func status(_ path: String) -> stat? {
            var status = stat()
            if unsafe fstatat(top, path, &status, 0) == 0 { return status }
            ResourceShortage.note(errno)
            return nil
        }
    }
}
