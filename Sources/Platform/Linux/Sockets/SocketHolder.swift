// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A process that has a socket open, and where in its table of descriptors.
package struct SocketHolder: Hashable, Sendable {
    /// The socket's number, as in the descriptor's link.
    package let inode: UInt64

    /// The process.
    package let pid: Int32

    /// The thread whose table it is: the process's first one, unless one with a table of its own has the socket.
    let thread: Int32

    /// The lowest descriptor that is the socket.
    package let descriptor: Int32

    /// What the process ran when the socket was found with it; nil if that can't be seen.
    package let program: RunningProgram?

    /// Whether the process has that very socket under that descriptor now; cheap.
    package var holds: Bool {
        let table = thread == pid ? "/proc/\(pid)/fd" : "/proc/\(pid)/task/\(thread)/fd"
        return unsafe "\(table)/\(descriptor)".withCString { unsafe Self.socket(at: AT_FDCWD, $0) } == inode
    }

    /// The number of the socket that a descriptor's link leads to; nil for anything else.
    @unsafe static func socket(at folder: Int32, _ path: UnsafePointer<CChar>) -> UInt64? {
        // socket:[NUMBER], of at most twenty digits
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { target -> UInt64? in
            guard let base = target.baseAddress else { return nil }
            let count = unsafe readlinkat(folder, path, base, target.count)
            if count < 0 { ResourceShortage.note(errno) }
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
