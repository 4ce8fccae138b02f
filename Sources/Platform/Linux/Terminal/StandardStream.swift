// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The process's own output, written at once and unbuffered.
///
/// C's `stdout` and `stderr` are mutable globals that Swift 6 mode can't name, and a buffer would keep secrets.
package enum StandardStream: Int32, Sendable {
    case output = 1
    case error = 2

    /// Whether a person is looking at it.
    package var isTerminal: Bool { isatty(rawValue) == 1 }

    private static let failures = Mutex<[StandardStream: SystemCallError]>([:])

    /// Why something could not be written to it; nil as long as all has been.
    package var failure: SystemCallError? { Self.failures.withLock { $0[self] } }

    /// Writes all of some bytes; ``failure`` tells if that can't be done.
    package func write(_ bytes: Span<UInt8>) {
        do throws(SystemCallError) {
            try Self.write(bytes, to: rawValue)
        } catch {
            Self.failures.withLock { $0[self] = $0[self] ?? error }
        }
    }

    /// Writes text as UTF-8.
    package func write(_ text: String) {
        write(Array(text.utf8).span)
    }

    /// Writes all of some bytes, however many calls that takes.
    ///
    /// A pipe that is full is waited for, also where whoever shares it has made it non-blocking: for as long as a
    /// blocking one would be, as its reader may be a person with a pager.
    static func write(_ bytes: Span<UInt8>, to descriptor: Int32) throws(SystemCallError) {
        var start = 0
        while start < bytes.count {
            let rest = bytes.extracting(droppingFirst: start)
            let count = unsafe rest.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
            }
            if count >= 0 {
                start += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: try waitForSpace(in: descriptor)
            default: throw .last("write")
            }
        }
    }

    private static func waitForSpace(in descriptor: Int32) throws(SystemCallError) {
        var watched = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&watched, 1, -1) >= 0 || errno == EINTR else { throw .last("poll") }
    }
}
