// SPDX-License-Identifier: Apache-2.0

/// The header in front of the encrypted content: fields in their order, each a number and bytes, unknown ones too.
///
///     12  then for each field
///          1  number
///          2  length (version 3) or 4 (version 4)
///          n  value
///         until field 0
package struct OuterHeader: Hashable, Sendable {
    enum Field: UInt8 {
        case end = 0
        case comment = 1
        case cipher = 2
        case compression = 3
        case masterSeed = 4
        case transformSeed = 5
        case transformRounds = 6
        case nonce = 7
        case streamKey = 8
        case streamStart = 9
        case innerStream = 10
        case keyDerivation = 11
        case publicCustomData = 12
    }

    private struct Entry: Hashable {
        let number: UInt8
        var value: [UInt8]
    }

    /// The format has thirteen; an empty field takes five bytes, and many times that in memory.
    private static let mostFields = 256

    /// The version that the file says it is.
    package internal(set) var version: FormatVersion
    private var entries: [Entry] = []

    init(version: FormatVersion) {
        self.version = version
        // What every writer ends with; no reader looks at it.
        entries = [Entry(number: Field.end.rawValue, value: Array("\r\n\r\n".utf8))]
    }

    /// Reads the header of a file.
    /// - Parameter reader: At the beginning of the file; afterwards behind the header.
    /// - Throws: `notKDBX`, `keePass1`, `unsupportedVersion`, `truncated`.
    init(_ reader: inout ByteReader) throws(KDBXError) {
        version = try FormatVersion.read(&reader)
        var number: UInt8
        repeat {
            guard entries.count < Self.mostFields else { throw .excessive(.fields) }
            number = try reader.byte()
            let length =
                version.isModern ? Int(try reader.integer(UInt32.self)) : Int(try reader.integer(UInt16.self))
            entries.append(Entry(number: number, value: Array(try reader.take(length))))
        } while number != Field.end.rawValue
    }

    /// A field's value; the last one counts, as other readers have it.
    subscript(_ field: Field) -> [UInt8]? {
        get { entries.last { $0.number == field.rawValue }?.value }
        set {
            let index = entries.lastIndex { $0.number == field.rawValue }
            switch (index, newValue) {
            case (let index?, let value?): entries[index].value = value
            case (let index?, nil): entries.remove(at: index)
            case (nil, let value?):
                // The end stays the end.
                entries.insert(Entry(number: field.rawValue, value: value), at: entries.count - 1)
            case (nil, nil): break
            }
        }
    }

    /// A field that must be there, perhaps with a certain length.
    func required(_ field: Field, count: Int? = nil) throws(KDBXError) -> [UInt8] {
        guard let value = self[field], count == nil || value.count == count else { throw .damaged(.header) }
        return value
    }

    /// The header's bytes, which its checksums are over.
    var encoded: [UInt8] {
        var output = version.encoded
        for entry in entries {
            output.append(entry.number)
            output +=
                version.isModern
                ? UInt32(entry.value.count).littleEndianBytes
                : UInt16(truncatingIfNeeded: entry.value.count).littleEndianBytes
            output += entry.value
        }
        return output
    }
}
