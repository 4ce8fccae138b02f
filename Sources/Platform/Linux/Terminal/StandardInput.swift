// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Dispatch
import Glibc

/// The process's own input, read without a buffer in between.
package enum StandardInput {
    /// The file descriptor.
    package static let descriptor: Int32 = 0

    /// Whether a person sits at it.
    package static var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Waits for the next byte; nil at the end.
    ///
    /// One at a time, for a line that must not be read beyond its end, or copied.
    package static func readByte() throws(SystemCallError) -> UInt8? {
        var byte: UInt8 = 0
        while true {
            let count = unsafe Glibc.read(descriptor, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .last("read") }
            return count == 0 ? nil : byte
        }
    }

    /// The bytes of a terminal or pipe as they come, until its end or until the stream is released.
    package static func bytes() -> AsyncStream<UInt8> {
        let (stream, continuation) = AsyncStream<UInt8>.makeStream()
        let take: @Sendable () -> Bool = {
            var chunk = [UInt8](repeating: 0, count: 256)
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            guard count > 0 else {
                if count < 0, errno == EINTR { return true }
                continuation.finish()
                return false
            }
            for byte in chunk.prefix(count) { continuation.yield(byte) }
            return true
        }
        do throws(SystemCallError) {
            let source = try ReadySource.make(descriptor, for: .reading, queue: Alarm.queue, closed: {})
            source.setEventHandler { _ = take() }
            continuation.onTermination = { _ in source.cancel() }
            source.activate()
        } catch {
            // A file, or /dev/null: it can't be watched because it is always ready.
            Alarm.queue.async { while take() {} }
        }
        return stream
    }
}
