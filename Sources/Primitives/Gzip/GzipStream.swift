// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Gzip (RFC 1952) of whole files, with a limit on what comes out.
package enum GzipStream {
    /// Decompresses all members of a file; what follows the last one is passed over.
    /// - Parameters:
    ///   - bytes: The compressed file.
    ///   - limit: How many bytes may come out: a few kilobytes can be made to stand for gigabytes.
    /// - Returns: The decompressed bytes.
    /// - Throws: `tooLarge`, `truncated`, `damaged`, `failed`.
    package static func decompress(_ bytes: [UInt8], limit: Int) throws(GzipError) -> [UInt8] {
        let decompressor = try Decompressor(bytes, limit: limit)
        return try decompressor.run()
    }

    /// Compresses to one member without name and time, the same bytes for the same input.
    /// - Parameters:
    ///   - bytes: What to compress.
    ///   - level: From 1, fast, to 9, small.
    /// - Returns: The compressed file.
    /// - Throws: `failed` if there is no memory.
    package static func compress(_ bytes: [UInt8], level: Int32 = 6) throws(GzipError) -> [UInt8] {
        guard bytes.count <= Int(UInt32.max) else { throw .tooLarge }
        var stream = unsafe z_stream()
        guard unsafe keybell_deflate_gzip(&stream, level) == Z_OK else { throw .failed }
        defer { unsafe deflateEnd(&stream) }
        let bound = unsafe Int(deflateBound(&stream, UInt(bytes.count)))
        guard bound <= Int(UInt32.max) else { throw .tooLarge }
        var status = Z_OK
        let output = unsafe [UInt8](unsafeUninitializedCapacity: bound) { output, initialized in
            unsafe bytes.withUnsafeBufferPointer { input in
                // zlib takes a mutable pointer to what it only reads.
                unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                unsafe stream.avail_in = UInt32(input.count)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(bound)
                unsafe status = deflate(&stream, Z_FINISH)
                unsafe initialized = bound - Int(stream.avail_out)
            }
        }
        guard status == Z_STREAM_END else { throw .failed }
        return output
    }
}

/// Why something could not be compressed or decompressed.
package enum GzipError: Error, Equatable, Sendable {
    /// More would come out than the limit allows.
    case tooLarge
    /// The bytes end before the stream does.
    case truncated
    /// The bytes are no gzip stream, or its checksum is wrong.
    case damaged
    /// zlib has no memory.
    case failed
}
