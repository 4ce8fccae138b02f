// SPDX-License-Identifier: Apache-2.0

/// Reads little-endian fields off the front of some bytes, never past their end.
struct ByteReader {
    private let bytes: [UInt8]
    private(set) var position: Int

    init(_ bytes: [UInt8], from position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    var left: Int { bytes.count - position }

    mutating func take(_ count: Int) throws(KDBXError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= left else { throw .truncated }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func byte() throws(KDBXError) -> UInt8 { try integer(UInt8.self) }

    mutating func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws(KDBXError) -> Number {
        guard let number = Number(littleEndian: try take(type.bitWidth / 8)) else { throw .truncated }
        return number
    }
}

extension FixedWidthInteger {
    /// Reads some bytes as a number, least significant first; nil unless there are exactly as many as it takes.
    init?(littleEndian bytes: some Collection<UInt8>) {
        guard bytes.count == Self.bitWidth / 8 else { return nil }
        var number: Self = 0
        var shift = 0
        for byte in bytes {
            number |= Self(truncatingIfNeeded: byte) << shift
            shift += 8
        }
        self = number
    }

    /// The number's bytes, least significant first.
    var littleEndianBytes: [UInt8] {
        (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) }
    }
}
