// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// One end of a Unix stream socket, for bytes from or to another program; closed when nobody holds it.
///
/// Whoever reads or writes is kept waiting, but only for as long as it says: so never on the serving thread.
package final class ByteStream: Sendable {
    /// The number; valid as long as this lives.
    package let number: Int32

    private init(adopting number: Int32) { self.number = number }

    /// Duplicates an end that somebody else owns.
    ///
    /// - Throws: `ENOTSUP` for anything else, such as a file or a pipe: reading these may wait for ever, unless their owner's
    ///   own reading is changed, too.
    package init(duplicating other: Int32) throws(SystemCallError) {
        let duplicate = try Descriptor("fcntl", fcntl(other, F_DUPFD_CLOEXEC, 3))
        guard Self.option(SO_TYPE, of: duplicate.number) == Int32(SOCK_STREAM.rawValue),
            Self.option(SO_DOMAIN, of: duplicate.number) == AF_UNIX
        else { throw SystemCallError(call: "getsockopt", code: ENOTSUP) }
        number = duplicate.release()
    }

    deinit { close(number) }

    private static func option(_ option: Int32, of number: Int32) -> Int32? {
        var (value, length) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
        guard unsafe getsockopt(number, SOL_SOCKET, option, &value, &length) == 0 else { return nil }
        return value
    }

    /// Two ends of a Unix socket, of which one is to be handed on.
    package static func pair() throws(SystemCallError) -> (ByteStream, ByteStream) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw .last("socketpair") }
        return (ByteStream(adopting: ends[0]), ByteStream(adopting: ends[1]))
    }

    /// Reads what there is.
    ///
    /// - Parameters:
    ///   - buffer: Where it goes, from its beginning.
    ///   - time: How long it waits for something to come.
    /// - Returns: How many bytes; 0 at the end.
    /// - Throws: `ETIMEDOUT`, or the failing call's `errno`.
    package func read(into buffer: inout [UInt8], within time: Duration) throws(SystemCallError) -> Int {
        while true {
            try wait(for: POLLIN, within: time)
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                // Somebody else who has this end may be quicker, and then this mustn't wait.
                unsafe recv(number, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT))
            }
            if count >= 0 { return count }
            guard errno == EINTR || errno == EAGAIN else { throw .last("recv") }
        }
    }

    /// Writes all of it into a socket.
    ///
    /// - Parameters:
    ///   - bytes: What.
    ///   - time: How long it waits for the other end to take some of it.
    /// - Throws: `EPIPE` where the other end takes no more, `ETIMEDOUT`, or the failing call's `errno`.
    package func write(_ bytes: [UInt8], within time: Duration) throws(SystemCallError) {
        var start = 0
        while start < bytes.count {
            try wait(for: POLLOUT, within: time)
            let count = unsafe bytes[start...].withUnsafeBytes { rest in
                // Without SIGPIPE, which would end the program.
                unsafe send(
                    number,
                    rest.baseAddress,
                    rest.count,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
                )
            }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { throw .last("send") }
            start += count
        }
    }

    /// Ends it for both ends, whoever still holds them: a write that waits fails.
    package func end() {
        _ = shutdown(number, Int32(SHUT_RDWR))
    }

    private func wait(for events: Int32, within time: Duration) throws(SystemCallError) {
        let deadline = ContinuousClock.now + time
        while true {
            let rest = ContinuousClock.now.duration(to: deadline)
            var entry = pollfd(fd: number, events: Int16(events), revents: 0)
            let milliseconds = max(
                0,
                rest.components.seconds * 1000 + rest.components.attoseconds / 1_000_000_000_000_000
            )
            let count = unsafe poll(&entry, 1, Int32(clamping: milliseconds))
            if count > 0 { return }
            if count == 0 { throw SystemCallError(call: "poll", code: ETIMEDOUT) }
            guard errno == EINTR else { throw .last("poll") }
        }
    }
}
