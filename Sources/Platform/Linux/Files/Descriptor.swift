// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An open file descriptor with one owner, closed when the owner goes.
package struct Descriptor: ~Copyable, Sendable {
    /// The number; valid as long as this value lives.
    package let number: Int32

    /// Takes the number over; nobody else may close it.
    package init(adopting number: Int32) {
        self.number = number
    }

    /// Takes the result of a system call over, or throws its `errno`; one that a signal ends is made again.
    init(_ call: String, _ make: @autoclosure () -> Int32) throws(SystemCallError) {
        var result: Int32
        repeat { result = make() } while result < 0 && errno == EINTR
        guard result >= 0 else {
            let error = SystemCallError.last(call)
            ResourceShortage.note(error.code)
            throw error
        }
        number = result
    }

    /// Gives the number away; the taker closes it.
    package consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }

    /// Keeps a descriptor that somebody else owns from the programs that this process starts.
    package static func closeOnExec(_ number: Int32) {
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    }

    /// Writes all of it, however many calls that takes.
    func write(_ bytes: [UInt8]) throws(SystemCallError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { buffer in
                unsafe Glibc.write(number, buffer.baseAddress, buffer.count)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw .last("write") }
            rest = rest.dropFirst(written)
        }
    }

    /// Has the disk take what was written, as ``synchronize(_:)`` does.
    func synchronize() throws(SystemCallError) {
        guard Self.synchronize(number) else { throw .last("fsync") }
    }

    /// Has the disk take what was written; false, with `errno`, where it doesn't.
    static func synchronize(_ number: Int32) -> Bool {
        // Servers of files, and programs that serve some, may be interrupted.
        while fsync(number) != 0 { if errno != EINTR { return false } }
        return true
    }

    deinit {
        close(number)
    }
}
