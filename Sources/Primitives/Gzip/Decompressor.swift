// SPDX-License-Identifier: Apache-2.0

import CZlib

/// One decompression, whose memory is given back at the end of its scope.
@safe final class Decompressor {
    private var stream = unsafe z_stream()
    private let bytes: [UInt8]
    private let limit: Int

    init(_ bytes: [UInt8], limit: Int) throws(GzipError) {
        guard bytes.count <= Int(UInt32.max) else { throw .tooLarge }
        self.bytes = bytes
        self.limit = limit
        guard unsafe keybell_inflate_gzip(&stream) == Z_OK else { throw .failed }
    }

    deinit { unsafe inflateEnd(&stream) }

    func run() throws(GzipError) -> [UInt8] {
        var capacity = min(limit, max(expectedCount, Self.smallest))
        var output: [UInt8] = []
        output.reserveCapacity(capacity)
        var result: Result<Void, GzipError> = .success(())
        unsafe bytes.withUnsafeBufferPointer { input in
            unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            unsafe stream.avail_in = UInt32(input.count)
            do throws(GzipError) {
                while unsafe try !fill(&output, upTo: capacity) {
                    guard capacity < limit else { throw .tooLarge }
                    capacity = min(limit, capacity * 2)
                }
            } catch {
                result = .failure(error)
            }
        }
        try result.get()
        return output
    }

    /// Decompresses until the end, which is true, or until the output has this many bytes.
    @unsafe private func fill(_ output: inout [UInt8], upTo capacity: Int) throws(GzipError) -> Bool {
        while true {
            // A piece at a time, so that a stream which lies about its length costs no more than it holds.
            let room = min(capacity - output.count, Self.piece)
            // When the limit is reached, one more byte is asked for: the stream may end just there.
            let status = unsafe append(to: &output, atMost: max(room, 1))
            guard output.count <= limit else { throw .tooLarge }
            switch status {
            case Z_STREAM_END:
                guard try startNextMember() else { return true }
            case Z_OK where output.count >= capacity:
                return false
            case Z_OK:
                continue
            case Z_BUF_ERROR:
                throw .truncated
            case Z_MEM_ERROR:
                throw .failed
            default:
                throw .damaged
            }
        }
    }

    @unsafe private func append(to output: inout [UInt8], atMost room: Int) -> Int32 {
        var status = Z_OK
        output.append(addingCapacity: room) { span in
            unsafe span.withUnsafeMutableBufferPointer { buffer, initialized in
                unsafe stream.next_out = buffer.baseAddress
                unsafe stream.avail_out = UInt32(buffer.count)
                unsafe status = inflate(&stream, Z_NO_FLUSH)
                unsafe initialized = buffer.count - Int(stream.avail_out)
            }
        }
        return status
    }

    /// Goes on if what follows looks like a further member.
    private func startNextMember() throws(GzipError) -> Bool {
        let left = unsafe Int(stream.avail_in)
        guard left >= 2, bytes[bytes.count - left] == 0x1F, bytes[bytes.count - left + 1] == 0x8B else {
            return false
        }
        guard unsafe inflateReset(&stream) == Z_OK else { throw .failed }
        return true
    }

    /// What the last four bytes claim as the length; only a hint, and never more than deflate can achieve.
    private var expectedCount: Int {
        guard bytes.count >= 18 else { return 0 }
        let claimed = bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        return min(claimed, bytes.count * Self.bestRatio) + 1
    }

    private static let smallest = 4096
    private static let piece = 1 << 30
    private static let bestRatio = 1032
}
