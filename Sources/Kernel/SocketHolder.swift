// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A process that has a socket open, and where in its table of descriptors.
package struct SocketHolder: Hashable, Sendable {
    /// The socket's number, as in the descriptor's link.
    package let inode: UInt64

    /// The process.
    package let pid: Int32

    /// The thread whose table it is: the process's first one, unless just another has the socket.
    let thread: Int32

    /// The lowest descriptor that is the socket.
    package let descriptor: Int32

    /// What the process ran when the socket was found with it; nil if that can't be seen.
    package let program: RunningProgram?

    /// Whether the process has that very socket under that descriptor now; cheap.
    package var holds: Bool {
        let table = thread == pid ? "/proc/\(pid)/fd" : "/proc/\(pid)/task/\(thread)/fd"
        return unsafe Self.socket(at: AT_FDCWD, "\(table)/\(descriptor)") == inode
    }

    /// Lists every process that has one of these sockets open.
    ///
    /// Dear: it reads all descriptors of all processes that may be looked at, once for all the sockets. It asks
    /// nobody but the kernel, so no file system can keep it waiting. Threads are looked into only for a socket that no
    /// process's first thread has, for nearly all share one table.
    package static func find(_ inodes: Set<UInt64>) -> [SocketHolder] {
        guard let processes = unsafe opendir("/proc") else { return [] }
        defer { unsafe closedir(processes) }
        let top = unsafe dirfd(processes)
        var found: [SocketHolder] = []
        while let pid = unsafe nextNumber(processes) {
            add(inodes, in: top, "\(pid)/fd", of: pid, thread: pid, to: &found)
        }
        let missing = inodes.subtracting(found.map(\.inode))
        guard !missing.isEmpty else { return found }
        unsafe rewinddir(processes)
        while let pid = unsafe nextNumber(processes) {
            addFromThreads(missing, in: top, of: pid, to: &found)
        }
        return found
    }

    /// Looks into the tables of a process's threads that aren't its first one's.
    private static func addFromThreads(
        _ inodes: Set<UInt64>,
        in top: Int32,
        of pid: Int32,
        to found: inout [SocketHolder]
    ) {
        let number = unsafe openat(top, "\(pid)/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { return }
        guard let threads = unsafe fdopendir(number) else {
            close(number)
            return
        }
        defer { unsafe closedir(threads) }
        var known = pid
        while let thread = unsafe nextNumber(threads) {
            // The same table as one that was read already; where that can't be told, it usually is.
            guard thread != pid, keybell_shares_files(known, thread) == 0 else { continue }
            known = thread
            add(inodes, in: top, "\(pid)/task/\(thread)/fd", of: pid, thread: thread, to: &found)
        }
    }

    /// Reads one table of descriptors.
    private static func add(
        _ inodes: Set<UInt64>,
        in top: Int32,
        _ path: String,
        of pid: Int32,
        thread: Int32,
        to found: inout [SocketHolder]
    ) {
        // Refused for other users' processes and for those that forbid it, gone for those that have ended.
        let number = unsafe openat(top, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { return }
        guard let table = unsafe fdopendir(number) else {
            close(number)
            return
        }
        defer { unsafe closedir(table) }
        var here: Set<UInt64> = []
        while let descriptor = unsafe nextNumber(table) {
            guard let inode = unsafe socket(at: number, "\(descriptor)"), inodes.contains(inode),
                here.insert(inode).inserted
            else { continue }
            found.append(
                SocketHolder(
                    inode: inode,
                    pid: pid,
                    thread: thread,
                    descriptor: descriptor,
                    program: RunningProgram(of: pid)
                )
            )
        }
    }

    /// The next name in a folder that is a number; nil at its end.
    @unsafe private static func nextNumber(_ folder: OpaquePointer) -> Int32? {
        while let entry = unsafe readdir(folder) {
            let number = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes -> Int32? in
                var value: Int32 = 0
                for index in 0..<bytes.count {
                    let byte = unsafe bytes[index]
                    if byte == 0 { break }
                    let digit = Int32(byte) - 48
                    guard (0...9).contains(digit), value < 200_000_000 else { return nil }
                    value = value * 10 + digit
                }
                return unsafe bytes[0] == 0 ? nil : value
            }
            if let number { return number }
        }
        return nil
    }

    /// The number of the socket that a descriptor's link leads to; nil for anything else.
    @unsafe private static func socket(at folder: Int32, _ path: String) -> UInt64? {
        // socket:[NUMBER], of at most twenty digits
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { target -> UInt64? in
            guard let base = target.baseAddress else { return nil }
            let count = unsafe readlinkat(folder, path, base, target.count)
            guard count > 9, count < target.count, unsafe target[count - 1] == 93 else { return nil }
            for (index, byte) in "socket:[".utf8.enumerated() where unsafe target[index] != CChar(byte) {
                return nil
            }
            var value: UInt64 = 0
            for index in 8..<(count - 1) {
                let digit = UInt64(unsafe UInt8(bitPattern: target[index])) &- 48
                guard digit <= 9, value < .max / 16 else { return nil }
                value = value * 10 + digit
            }
            return value
        }
    }
}
