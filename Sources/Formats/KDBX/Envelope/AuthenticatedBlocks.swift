// SPDX-License-Identifier: Apache-2.0

import Ciphers

/// The blocks of version 4, around the encrypted content.
///
///     0  32  HMAC-SHA-256 over index (8), length (4) and data
///    32   4  length, 0 ends the blocks
///    36   n  data
enum AuthenticatedBlocks {
    static func read(_ reader: inout ByteReader, keys: BlockKeys) throws(KDBXError) -> [UInt8] {
        var content: [UInt8] = []
        content.reserveCapacity(reader.left)
        var index: UInt64 = 0
        while true {
            let block = try next(&reader, index: index, keys: keys)
            guard !block.isEmpty else { return content }
            content += block
            index += 1
        }
    }

    /// Goes to the end of the blocks, whatever is in them.
    ///
    /// - Throws: `truncated` where the last isn't there.
    static func skip(_ reader: inout ByteReader) throws(KDBXError) {
        while true {
            _ = try reader.take(32)
            let length = try reader.integer(UInt32.self)
            guard length > 0 else { return }
            _ = try reader.take(Int(length))
        }
    }

    /// Whether a file continues with a block that this key authenticates: then the key is right, whatever else is
    /// wrong.
    static func isFirstGood(_ reader: ByteReader, keys: BlockKeys) -> Bool {
        var reader = reader
        return (try? next(&reader, index: 0, keys: keys)) != nil  // any error is a no
    }

    static func write(_ content: [UInt8], keys: BlockKeys) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(content.count + (content.count / size + 2) * 36)
        var index: UInt64 = 0
        var position = 0
        while true {
            let data = content[position..<min(position + size, content.count)]
            let measured = UInt32(data.count).littleEndianBytes + data
            output += HMAC.sha256(key: keys.key(index), index.littleEndianBytes + measured)
            output += measured
            guard !data.isEmpty else { return output }
            position += data.count
            index += 1
        }
    }

    private static func next(
        _ reader: inout ByteReader,
        index: UInt64,
        keys: BlockKeys
    ) throws(KDBXError) -> ArraySlice<UInt8> {
        let code = Array(try reader.take(32))
        let length = try reader.integer(UInt32.self)
        let data = try reader.take(Int(length))
        let expected = HMAC.sha256(
            key: keys.key(index),
            index.littleEndianBytes + length.littleEndianBytes + data
        )
        guard constantTimeEquals(code, expected) else { throw .damaged(.block) }
        return data
    }

    private static let size = 1 << 20
}
