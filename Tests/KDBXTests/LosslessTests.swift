// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Testing
import XMLTree

@testable import KDBX

/// What Keybell does not understand comes back as it was.
@Suite struct LosslessTests {
    private let key: CompositeKey

    init() throws { key = try CompositeKey.password("x") }

    private func again(_ database: Database) throws -> Database {
        try Database(reading: database.written(key: key).file, key: key)
    }

    /// The numbers and values of a header's fields.
    private func fields(_ encoded: [UInt8], from start: Int, wideLength: Bool) throws -> [(UInt8, [UInt8])] {
        var reader = ByteReader(encoded, from: start)
        var fields: [(UInt8, [UInt8])] = []
        while reader.left > 0 {
            let number = try reader.byte()
            let count = try wideLength ? Int(reader.integer(UInt32.self)) : Int(reader.integer(UInt16.self))
            fields.append((number, Array(try reader.take(count))))
        }
        return fields
    }

    @Test(arguments: [FormatVersion.v3_1, .v4_0])
    func `unknown header fields keep their values and places`(version: FormatVersion) throws {
        var database = try SampleDatabase.database(Layout(version: version, keyDerivation: .aes(rounds: 10)))
        let isWide = version.isModern
        func field(_ number: UInt8, _ value: [UInt8]) -> [UInt8] {
            let count = isWide ? UInt32(value.count).littleEndianBytes : UInt16(value.count).littleEndianBytes
            return [number] + count + value
        }
        let standard = Array(database.header.encoded.dropFirst(12))
        let bytes =
            version.encoded + field(1, Array("a comment".utf8)) + field(0x42, [9, 8, 7])
            + field(12, [0, 1, 0]) + standard
        var reader = ByteReader(bytes)
        database.header = try OuterHeader(&reader)
        let before = try fields(database.header.encoded, from: 12, wideLength: isWide)
        let after = try fields(again(database).header.encoded, from: 12, wideLength: isWide)
        #expect(after.map(\.0).starts(with: before.map(\.0)) || !isWide)
        for number: UInt8 in [1, 0x42, 12, 0] {
            #expect(after.first { $0.0 == number }?.1 == before.first { $0.0 == number }?.1)
        }
        #expect(after.prefix(3).map(\.0) == [1, 0x42, 12])
        #expect(after.last?.0 == 0)
    }

    @Test func `what else stands in the dictionary of the key derivation stays`() throws {
        var database = try SampleDatabase.database()
        var dictionary = try VariantDictionary(parsing: database.header.required(.keyDerivation))
        dictionary["Vendor"] = .text("unknown")
        database.header[.keyDerivation] = dictionary.encoded
        let after = try VariantDictionary(parsing: again(database).header.required(.keyDerivation))
        #expect(after["Vendor"] == .text("unknown"))
        #expect(after["S"] != dictionary["S"])
    }

    @Test func `inner header items keep their order, flags and content`() throws {
        var database = try SampleDatabase.database()
        func field(_ number: UInt8, _ value: [UInt8]) -> [UInt8] {
            [number] + UInt32(value.count).littleEndianBytes + value
        }
        let bytes =
            field(3, [0, 1, 2, 3]) + field(1, [3, 0, 0, 0]) + field(0x55, [4, 5])
            + field(3, [1] + [UInt8](repeating: 7, count: 2000)) + field(2, [UInt8](repeating: 1, count: 64))
            + field(3, [0x81]) + field(0, [6])
        var reader = ByteReader(bytes)
        database.innerHeader = try InnerHeader.read(&reader).header
        let read = try again(database)
        let after = try fields(
            read.innerHeader.encoded(stream: InnerStream(fresh: .chaCha20)),
            from: 0,
            wideLength: true
        )
        #expect(after.map(\.0) == [3, 1, 0x55, 3, 2, 3, 0])
        #expect(after[0].1 == [0, 1, 2, 3])
        #expect(after[2].1 == [4, 5])
        #expect(after[3].1 == [1] + [UInt8](repeating: 7, count: 2000))
        #expect(after[5].1 == [0x81])
        #expect(after[6].1 == [6])
    }

    @Test func `unknown elements and attributes stay where they are, through a change of their entry`() throws
    {
        let id = Identifier.random()
        let xml = """
            <KeePassFile New="1"><Meta><!-- hello --><Generator>Other</Generator><FutureMeta a="b">x</FutureMeta>\
            <CustomData><Item><Key>k</Key><Value>v</Value></Item></CustomData></Meta><Root><Group>\
            <UUID>\(Identifier.random().base64)</UUID><Name>r</Name><FutureGroup/><Entry F="G"><FutureEntry>\
            <Deep x="&quot;">&amp;</Deep></FutureEntry><UUID>\(id.base64)</UUID><String Z="Q"><Key>Title</Key>\
            <Value A="B">t</Value></String><Times><FutureTime>soon</FutureTime></Times></Entry></Group></Root>\
            <FutureRoot/></KeePassFile>
            """
        var database = try Database(
            header: Database(new: "", SampleDatabase.layout, at: SampleDatabase.then).header,
            innerHeader: InnerHeader(),
            innerStream: .chaCha20,
            document: Document(parsing: Array(xml.utf8))
        )
        let unchanged = try again(database)
        #expect(try DatabaseContents.xml(of: unchanged).hasSuffix(xml))

        try database.change(id, [FieldChange("Title", "u")], at: SampleDatabase.then)
        let text = try DatabaseContents.xml(of: again(database))
        for part in [
            "<KeePassFile New=\"1\">", "<!-- hello -->", "<FutureMeta a=\"b\">x</FutureMeta>",
            "<FutureGroup/>",
            "<Entry F=\"G\"><FutureEntry><Deep x=\"&quot;\">&amp;</Deep></FutureEntry>", "<FutureRoot/>",
            "<String Z=\"Q\"><Key>Title</Key><Value A=\"B\">u</Value></String>",
            "<FutureTime>soon</FutureTime>",
        ] {
            #expect(text.contains(part), "\(part)")
        }
    }

    @Test func `a document that is no database is damaged`() throws {
        let header = Database(new: "", SampleDatabase.layout, at: SampleDatabase.then).header
        for xml in ["<a/>", "<KeePassFile/>", "<KeePassFile><Root/></KeePassFile>"] {
            #expect(throws: KDBXError.damaged(.document)) {
                try Database(
                    header: header,
                    innerHeader: InnerHeader(),
                    innerStream: .chaCha20,
                    document: Document(parsing: Array(xml.utf8))
                )
            }
        }
    }
}
