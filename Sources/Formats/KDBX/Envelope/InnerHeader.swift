// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory

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
        /// Set anew at every writing, in its place.
        case innerStream
        case streamKey
        case binary
        case other(number: UInt8, value: [UInt8])
    }

    private var entries: [Entry] = []
    /// The attachments in the order that entries refer to them by.
    private(set) var binaries: [Binary] = []

    /// Nobody writes more fields than that, apart from attachments; five bytes of the file become many in memory for
    /// each of them.
    private static let mostFields = 1024

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
                guard header.entries.count - header.binaries.count < Self.mostFields else {
                    throw .damaged(.innerHeader)
                }
                let field = try reader.byte()
                var value = Array(try reader.take(Int(try reader.integer(UInt32.self))))
                switch Field(rawValue: field) {
                case .innerStream:
                    number = UInt32(littleEndian: value)
                    header.entries.append(.innerStream)
                case .streamKey:
                    key = SecretBytes(copying: value)
                    header.entries.append(.streamKey)
                case .binary:
                    guard let flags = value.first else { throw .damaged(.innerHeader) }
                    header.entries.append(.binary)
                    header.binaries.append(Binary(flags: flags, value.dropFirst(), seal))
                    value.wipe()
                case .end, nil:
                    header.entries.append(.other(number: field, value: value))
                }
                if field == Field.end.rawValue { break }
            }
            guard let number, let key else { throw .damaged(.innerHeader) }
            return (header, try InnerStream(number: number, key: key))
        } catch .truncated {
            // What is authenticated and decrypted wasn't truncated in transit.
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
        var left = binaries[...]
        for entry in entries {
            switch entry {
            case .innerStream:
                append(Field.innerStream.rawValue, stream.kind.rawValue.littleEndianBytes)
            case .streamKey:
                stream.key.withSpan { key in append(Field.streamKey.rawValue, key.indices.map { key[$0] }) }
            case .binary:
                guard let binary = left.popFirst() else { continue }
                append(Field.binary.rawValue, [binary.flags] + binary.bytes(seal))
            case .other(let number, let value):
                append(number, value)
            }
        }
        return output
    }

    /// Adds an attachment and returns its number.
    mutating func append(_ binary: Binary) -> Int {
        let number = binaries.count
        let end = entries.lastIndex { if case .other(Field.end.rawValue, _) = $0 { true } else { false } }
        entries.insert(.binary, at: end ?? entries.count)
        binaries.append(binary)
        return number
    }
}

/// An attachment, sealed while it is in memory.
struct Binary: Sendable {
    let flags: UInt8
    private let sealed: [UInt8]

    init(flags: UInt8, _ bytes: some Collection<UInt8>, _ seal: borrowing SecretSeal) {
        self.flags = flags
        var plain = Array(bytes)
        var sealed: [UInt8] = []
        sealed.reserveCapacity(plain.count + SecretSeal.overhead)
        seal.seal(plain, onto: &sealed)
        plain.wipe()
        self.sealed = sealed
    }

    func bytes(_ seal: borrowing SecretSeal) -> [UInt8] {
        seal.open(sealed)?.withSpan { span in span.indices.map { span[$0] } } ?? []
    }
}
