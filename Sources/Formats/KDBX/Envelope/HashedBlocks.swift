// SPDX-License-Identifier: Apache-2.0

import Ciphers

/// The blocks of version 3, within the encrypted content.
///
///     0   4  index
///     4  32  SHA-256 of the data, zeros for the end
///    36   4  length, 0 ends the blocks
///    40   n  data
enum HashedBlocks {
    static func read(_ reader: inout ByteReader) throws(KDBXError) -> [UInt8] {
        var content: [UInt8] = []
        content.reserveCapacity(reader.left)
        var index: UInt32 = 0
        while true {
            guard try reader.integer(UInt32.self) == index else { throw .damaged(.block) }
            let hash = Array(try reader.take(32))
            let data = try reader.take(Int(try reader.integer(UInt32.self)))
            guard !data.isEmpty else {
                guard hash == none else { throw .damaged(.block) }
                return content
            }
            guard Digest.sha256(Array(data)) == hash else { throw .damaged(.block) }
            content += data
            index &+= 1
        }
    }

    static func write(_ content: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var index: UInt32 = 0
        var position = 0
        while true {
            let data = Array(content[position..<min(position + size, content.count)])
            output += index.littleEndianBytes + (data.isEmpty ? none : Digest.sha256(data))
            output += UInt32(data.count).littleEndianBytes + data
            guard !data.isEmpty else { return output }
            position += data.count
            index += 1
        }
    }

    private static let size = 1 << 20
    private static let none = [UInt8](repeating: 0, count: 32)
}
