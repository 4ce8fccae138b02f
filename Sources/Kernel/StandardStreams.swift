// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc

/// The three open files that every process starts with, read and written without a buffer in between.
package enum StandardStreams {
    /// Standard input.
    package static let input: Int32 = 0
    /// Standard output.
    package static let output: Int32 = 1
    /// Standard error.
    package static let error: Int32 = 2

    /// Writes all of the bytes.
    ///
    /// - Parameters:
    ///   - bytes: What to write; it goes straight from there, so a secret leaves no copy behind.
    ///   - descriptor: Where to.
    /// - Throws: `errno` of what failed.
    package static func write(_ bytes: Span<UInt8>, to descriptor: Int32) throws(KernelError) {
        var written = 0
        while written < bytes.count {
            let rest = bytes.extracting(droppingFirst: written)
            let count = unsafe rest.withUnsafeBufferPointer { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .last("write") }
            written += count
        }
    }

    /// Waits for the next byte; nil at the end.
    ///
    /// One at a time, for a line that must not be read further than its end, or copied.
    package static func readByte(from descriptor: Int32) throws(KernelError) -> UInt8? {
        var byte: UInt8 = 0
        while true {
            let count = unsafe Glibc.read(descriptor, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .last("read") }
            return count == 0 ? nil : byte
        }
    }

    /// The bytes of a terminal or pipe as they come, until its end or until the stream is let go of.
    package static func bytes(of descriptor: Int32) -> AsyncStream<UInt8> {
        let (stream, continuation) = AsyncStream<UInt8>.makeStream()
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: Alarm.queue).concrete
        source.setEventHandler {
            var chunk = [UInt8](repeating: 0, count: 256)
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            guard count > 0 else {
                if count == 0 || errno != EINTR { continuation.finish() }
                return
            }
            for byte in chunk.prefix(count) { continuation.yield(byte) }
        }
        continuation.onTermination = { _ in source.cancel() }
        source.activate()
        return stream
    }

    /// Signals that ask the process to end, one element each; they no longer end it by themselves.
    package static func endingSignals() -> AsyncStream<Int32> {
        let (stream, continuation) = AsyncStream<Int32>.makeStream()
        let sources = [SIGTERM, SIGHUP, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: Alarm.queue).concrete
            source.setEventHandler { continuation.yield(number) }
            source.activate()
            return source
        }
        continuation.onTermination = { _ in
            for source in sources { source.cancel() }
        }
        return stream
    }
}
