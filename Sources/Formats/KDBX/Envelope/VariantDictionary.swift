// SPDX-License-Identifier: Apache-2.0

/// The dictionary of KDBX 4: named values of a few types, kept in their order, unknown ones included.
///
///     0  2  version, 0x0100; the upper byte is what must be understood
///     then for each value
///        1  type, 0 ends the dictionary
///        4  length of the name   n  name, UTF-8
///        4  length of the value  n  value
package struct VariantDictionary: Hashable, Sendable {
    /// A value with the type that it was written with.
    package struct Value: Hashable, Sendable {
        /// One of the format's numbers for types.
        package let type: UInt8
        /// The bytes as they stand in the file.
        package let bytes: [UInt8]

        /// A number of 32 bits.
        package static func uint32(_ number: UInt32) -> Value {
            Value(type: 0x04, bytes: number.littleEndianBytes)
        }

        /// A number of 64 bits.
        package static func uint64(_ number: UInt64) -> Value {
            Value(type: 0x05, bytes: number.littleEndianBytes)
        }

        /// Bytes.
        package static func bytes(_ bytes: [UInt8]) -> Value { Value(type: 0x42, bytes: bytes) }

        /// Text.
        package static func text(_ text: String) -> Value { Value(type: 0x18, bytes: Array(text.utf8)) }

        /// The number, if it has 32 bits.
        package var asUInt32: UInt32? { type == 0x04 ? UInt32(littleEndian: bytes) : nil }
        /// The number, if it has 64 bits.
        package var asUInt64: UInt64? { type == 0x05 ? UInt64(littleEndian: bytes) : nil }
        /// The bytes, if it is bytes.
        package var asBytes: [UInt8]? { type == 0x42 ? bytes : nil }
    }

    private struct Entry: Hashable {
        let name: [UInt8]
        var value: Value
    }

    /// The format has seven; plugins may add some of their own.
    private static let mostEntries = 1024

    private var version: UInt16 = 0x0100
    private var entries: [Entry] = []

    /// Makes an empty one.
    package init() {}

    /// Reads one.
    /// - Parameter bytes: All of it.
    /// - Throws: `damaged(.dictionary)` for whatever is wrong with it.
    package init(parsing bytes: [UInt8]) throws(KDBXError) {
        do throws(KDBXError) {
            var reader = ByteReader(bytes)
            version = try reader.integer(UInt16.self)
            guard version >> 8 == 1 else { throw .damaged(.dictionary) }
            while case let type = try reader.byte(), type != 0 {
                guard entries.count < Self.mostEntries else { throw .excessive(.fields) }
                let name = try reader.take(Int(try reader.integer(Int32.self)))
                let value = try reader.take(Int(try reader.integer(Int32.self)))
                entries.append(Entry(name: Array(name), value: Value(type: type, bytes: Array(value))))
            }
        } catch .excessive(let excess) {
            throw .excessive(excess)
        } catch {
            // Cut off here means that its length in the header is wrong, not that the file ends.
            throw .damaged(.dictionary)
        }
    }

    /// A value by its name; set in its place, or as the last one.
    package subscript(_ name: String) -> Value? {
        get { entries.first { $0.name.elementsEqual(name.utf8) }?.value }
        set {
            let index = entries.firstIndex { $0.name.elementsEqual(name.utf8) }
            switch (index, newValue) {
            case (let index?, let value?): entries[index].value = value
            case (nil, let value?): entries.append(Entry(name: Array(name.utf8), value: value))
            case (let index?, nil): entries.remove(at: index)
            case (nil, nil): break
            }
        }
    }

    /// The bytes, which read back as this.
    package var encoded: [UInt8] {
        var output = version.littleEndianBytes
        for entry in entries {
            output.append(entry.value.type)
            output += UInt32(entry.name.count).littleEndianBytes + entry.name
            output += UInt32(entry.value.bytes.count).littleEndianBytes + entry.value.bytes
        }
        output.append(0)
        return output
    }
}
