// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A process that has a socket, kept at hand: to see that it still has it, and still runs the same program, takes three
/// system calls.
///
/// It keeps two descriptors of /proc, which lead nowhere once the process has ended, whoever gets its number.
package final class HolderCheck: Sendable {
    private let socket: SocketHolder
    private let program: RunningProgram
    private let folder: Descriptor
    private let status: Descriptor
    private let link: String

    /// More than the kernel's line has, and little enough for the stack.
    private static let room = 1024

    /// Prepares to look at a process again; nil if it has ended, or can't be told from others.
    ///
    /// - Parameters:
    ///   - socket: The socket, and who has it.
    ///   - program: What that process runs.
    package init?(_ socket: SocketHolder, running program: RunningProgram) {
        self.socket = socket
        self.program = program
        link =
            socket.thread == socket.pid
            ? "fd/\(socket.descriptor)" : "task/\(socket.thread)/fd/\(socket.descriptor)"
        do throws(SystemCallError) {
            folder = try Descriptor(
                "open",
                unsafe open("/proc/\(socket.pid)", Int32(keybell_O_PATH) | O_DIRECTORY | O_CLOEXEC)
            )
            let top = folder.number
            status = try Descriptor("openat", unsafe openat(top, "stat", O_RDONLY | O_CLOEXEC))
        } catch {
            return nil
        }
    }

    /// Whether the process is seen to have that very socket under the same descriptor and to run the same program.
    ///
    /// False also where that takes a longer look, as at a process whose first thread has ended.
    package var isUnchanged: Bool {
        guard unsafe link.withCString({ unsafe SocketHolder.socket(at: folder.number, $0) }) == socket.inode,
            let file = FileIdentity(folder.number, "exe"), file.device == program.device,
            file.inode == program.inode, let image
        else { return false }
        return !image.hasEnded && image.startTime == program.startTime && image.start == program.image
    }

    private var image: RunningImage? {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.room) { line in
            let count = unsafe pread(status.number, line.baseAddress, line.count, 0)
            guard count > 0, count < line.count else { return nil }
            return RunningImage(unsafe UnsafeBufferPointer(rebasing: line[..<count]).span)
        }
    }
}

/// What of a /proc/PID/stat line changes when the process ends, or runs another program.
struct RunningImage: Equatable {
    let hasEnded: Bool
    let startTime: UInt64
    /// Where the stack of the program begins.
    let start: UInt64

    /// Reads them where they stand; nil if it isn't such a line.
    init?(_ line: Span<UInt8>) {
        // The command may hold anything, blanks and brackets too: fields are counted from its last bracket.
        var place = line.count - 1
        while place >= 0, line[place] != UInt8(ascii: ")") { place -= 1 }
        guard place >= 0, place + 2 < line.count else { return nil }
        place += 2
        hasEnded = line[place] == UInt8(ascii: "Z") || line[place] | 0x20 == UInt8(ascii: "x")
        var (field, value) = (0, UInt64(0))
        var (startTime, start) = (UInt64?.none, UInt64?.none)
        while place < line.count, start == nil {
            let byte = line[place]
            if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") {
                if field == 19 { startTime = value }
                if field == 25 { start = value }
                field += 1
                value = 0
            } else if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                value = value &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
            }
            place += 1
        }
        guard let startTime, let start else { return nil }
        self.startTime = startTime
        self.start = start
    }
}
