// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Secrecy

/// The header of version 4 within the encrypted content: the inner stream's key, and the attachments in their order.
///
///     0  1  number, 0 ends the header
///     1  4  length
///     5  n  value; an attachment's begins with a byte of flags
struct InnerHeader: Sendable {
    enum Field: UInt8 {
        case end = 0
        case innerStream = 1
        case streamKey = 2
        case binary = 3
    }

    private enum Entry: Sendable {
        /// Set anew at every writing, in the place where it stood.
        case innerStream
        case streamKey
        case binary(Binary)
        case other(number: UInt8, value: [UInt8])
    }

    private var entries: [Entry] = []

    /// One for a new file.
    init() { entries = [.innerStream, .streamKey, .other(number: Field.end.rawValue, value: [])] }

    /// Reads one, and what its inner stream needs.
    static func read(
        _ reader: inout ByteReader
    ) throws(KDBXError) -> (header: InnerHeader, stream: InnerStream) {
        do throws(KDBXError) {
            var header = InnerHeader()
            header.entries = []
            var number: UInt32?
            var key: SecretBytes?
            let seal = SecretSeal()
            while true {
                let field = try reader.byte()
                let value = Array(try reader.take(Int(try reader.integer(UInt32.self))))
                switch Field(rawValue: field) {
                case .innerStream:
                    number = UInt32(littleEndian: value)
                    header.entries.append(.innerStream)
                case .streamKey:
                    key = SecretBytes(copying: value)
                    header.entries.append(.streamKey)
                case .binary:
                    guard let flags = value.first else { throw .damaged(.innerHeader) }
                    header.entries.append(.binary(Binary(flags: flags, Array(value.dropFirst()), seal)))
                case .end, nil:
                    header.entries.append(.other(number: field, value: value))
                }
                if field == Field.end.rawValue { break }
            }
            guard let number, let key else { throw .damaged(.innerHeader) }
            return (header, try InnerStream(number: number, key: key))
        } catch .truncated {
            // What is authenticated and decrypted was not cut off on its way.
            throw .damaged(.innerHeader)
        }
    }

    func encoded(stream: InnerStream) -> [UInt8] {
        var output: [UInt8] = []
        let seal = SecretSeal()
        func append(_ number: UInt8, _ value: [UInt8]) {
            output.append(number)
            output += UInt32(value.count).littleEndianBytes
            output += value
        }
        for entry in entries {
            switch entry {
            case .innerStream:
                append(Field.innerStream.rawValue, stream.kind.rawValue.littleEndianBytes)
            case .streamKey:
                stream.key.withSpan { key in append(Field.streamKey.rawValue, key.indices.map { key[$0] }) }
            case .binary(let binary):
                append(Field.binary.rawValue, [binary.flags] + binary.bytes(seal))
            case .other(let number, let value):
                append(number, value)
            }
        }
        return output
    }

    /// The attachments in the order that entries refer to them by.
    var binaries: [Binary] {
        entries.compactMap { if case .binary(let binary) = $0 { binary } else { nil } }
    }

    /// Adds an attachment and gives its number.
    mutating func append(_ binary: Binary) -> Int {
        let number = binaries.count
        let end = entries.lastIndex { if case .other(Field.end.rawValue, _) = $0 { true } else { false } }
        entries.insert(.binary(binary), at: end ?? entries.count)
        return number
    }
}

/// An attachment, which is in memory as it is unless the file wants it protected there.
struct Binary: Sendable {
    let flags: UInt8
    private let content: [UInt8]

    private static let isProtected: UInt8 = 1

    init(flags: UInt8, _ bytes: [UInt8], _ seal: borrowing SecretSeal) {
        self.flags = flags
        guard flags & Self.isProtected != 0 else {
            content = bytes
            return
        }
        var sealed: [UInt8] = []
        sealed.reserveCapacity(bytes.count + SecretSeal.overhead)
        seal.seal(bytes, onto: &sealed)
        content = sealed
    }

    func bytes(_ seal: borrowing SecretSeal) -> [UInt8] {
        guard flags & Self.isProtected != 0 else { return content }
        return seal.open(content)?.withSpan { span in span.indices.map { span[$0] } } ?? []
    }
}
