// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing
import XMLTree

@testable import KDBX

@Suite struct ModelTests {
    private var database: Database
    private let id: Identifier
    private let later = Timestamp(unix: SampleDatabase.then.unix + 100)

    init() throws {
        database = try SampleDatabase.database()
        id = try #require(database.entries.first?.id)
    }

    private func entry() throws -> Entry { try #require(database.entry(id)) }

    @Test func `an entry tells what is in it`() throws {
        let entry = try entry()
        #expect(entry.text("Title") == "Entry 1")
        #expect(entry.secret("Password") == SecretBytes(utf8: SampleDatabase.password + "new"))
        #expect(entry.secret("PIN") == SecretBytes(utf8: "1231"))
        #expect(entry.text("nothing") == nil)
        #expect(entry.group?.path == ["Internet"])
        #expect(entry.created == SampleDatabase.then)
        #expect(entry.modified == Timestamp(unix: SampleDatabase.then.unix + 1))
        #expect(entry.expires == nil)
        #expect(
            entry.fields.map(\.name).sorted() == [
                "Colour", "Notes", "PIN", "Password", "Title", "URL", "UserName",
            ]
        )
        #expect(entry.fields.filter(\.isProtected).map(\.name).sorted() == ["PIN", "Password"])
    }

    @Test func `groups are found by path and by what they are known by`() throws {
        let group = try #require(database.group(at: ["Internet"]))
        #expect(group.entries.count == 3)
        #expect(try database.group(#require(group.id))?.name == "Internet")
        #expect(database.group(at: ["Nowhere"]) == nil)
        #expect(database.group(at: [])?.id == database.root.id)
    }

    @Test mutating func `a change keeps the former state in the history`() throws {
        let isChanged = try database.change(
            id,
            [FieldChange("UserName", "other"), FieldChange("URL", nil)],
            at: later
        )
        #expect(isChanged)
        let entry = try entry()
        #expect(entry.text("UserName") == "other")
        #expect(entry.text("URL") == nil)
        #expect(entry.modified == later)
        #expect(entry.history.count == 2)
        let former = entry.history.map { $0.text("UserName") }
        #expect(former == ["person1", "person1"])
        #expect(entry.history.last?.text("URL") == "https://example.com/?a=1&b=1")
        #expect(entry.history.allSatisfy { $0.history.isEmpty })
    }

    @Test mutating func `a change to what already is touches nothing`() throws {
        let before = try DatabaseContents(database)
        let isChanged = try database.change(
            id,
            [FieldChange("UserName", "person1"), FieldChange("nothing", nil)],
            at: later
        )
        #expect(!isChanged)
        #expect(try DatabaseContents(database) == before)
    }

    @Test mutating func `an unprotected field can become protected, and stays so`() throws {
        try database.change(
            id,
            [FieldChange("Colour", SecretBytes(utf8: "blue"), isProtected: true)],
            at: later
        )
        try database.change(id, [FieldChange("Colour", "green")], at: later)
        #expect(try entry().fields.contains(Entry.Field(name: "Colour", isProtected: true)))
        #expect(try entry().text("Colour") == "green")
    }

    @Test mutating func `no secret stands in memory in the open`() throws {
        try database.change(id, [FieldChange("Password", "correct horse battery staple")], at: later)
        let document = database.document
        let text = document.elements(under: document.root) { document.hasNoChildren($0) }.map {
            String(decoding: document.content(of: $0), as: UTF8.self)
        }.joined(separator: "\n")
        #expect(!text.contains("correct horse"))
    }

    @Test mutating func `the history is as long as the database allows`() throws {
        for number in 0..<20 {
            let time = Timestamp(unix: later.unix + Int64(number))
            try database.change(id, [FieldChange("UserName", "\(number)")], at: time)
        }
        #expect(try entry().history.map { $0.text("UserName") } == (9...18).map { String($0) })
    }

    @Test mutating func `the history is as large as the database allows`() throws {
        let meta = try #require(database.meta)
        database.document.setText(of: meta, child: "HistoryMaxSize", to: "3000")
        for number in 0..<5 {
            let notes = String(repeating: "\(number)", count: 1000)
            try database.change(
                id,
                [FieldChange("Notes", notes)],
                at: Timestamp(unix: later.unix + Int64(number))
            )
        }
        #expect(try entry().history.map { $0.text("Notes")?.first } == ["2", "3"])
    }

    @Test mutating func `a deleted entry is gone and noted`() throws {
        try database.delete(id, at: later)
        #expect(database.entry(id) == nil)
        #expect(database.deletions == [id: later])
    }

    @Test mutating func `a moved entry remembers where it was, if the file can say so`() throws {
        let internet = try #require(database.group(at: ["Internet"])?.id)
        let root = try #require(database.root.id)
        try database.move(id, to: root, at: later)
        let entry = try entry()
        #expect(entry.group?.id == root)
        #expect(entry.group?.entries.map(\.id) == [id])
        let former = database.document.text(of: entry.element, child: "PreviousParentGroup")
        #expect(former == internet.base64)
        #expect(database.moved(entry.element) == later)
    }

    @Test mutating func `what is in the recycle bin says so`() throws {
        let root = try #require(database.root.id)
        let bin = try database.addGroup("Recycle Bin", to: root, at: later)
        let meta = try #require(database.meta)
        database.document.setText(of: meta, child: "RecycleBinUUID", to: bin.base64)
        #expect(database.recycleBin == bin)
        #expect(try entry().group?.isRecycled == false)
        try database.move(id, to: bin, at: later)
        #expect(try entry().group?.isRecycled == true)
    }

    @Test mutating func `a group is searched as the groups around it say`() throws {
        let root = try #require(database.root.id)
        let outer = try database.addGroup("Outer", to: root, at: later)
        let inner = try database.addGroup("Inner", to: outer, at: later)
        #expect(database.group(inner)?.isSearchable == true)
        let element = try #require(database.group(outer)).element
        database.document.setText(of: element, child: "EnableSearching", to: "False")
        #expect(database.group(inner)?.isSearchable == false)
    }

    @Test func `nothing is changed in what is not there`() {
        let nobody = Identifier.random()
        var copy = database
        #expect(throws: KDBXError.notFound) { try copy.change(nobody, [], at: SampleDatabase.then) }
        #expect(database.entry(nobody) == nil)
        #expect(database.group(nobody) == nil)
    }

    @Test func `of two entries with one UUID the first of the file is meant`() throws {
        var database = try SampleDatabase.database()
        let id = try #require(database.entries.first?.id)
        let root = try #require(database.root.id)
        for name in ["One", "Two"] {
            let group = try database.addGroup(name, to: root, at: SampleDatabase.then)
            let place = try #require(database.groupPlaces[group])
            let copy = database.document.copy(try #require(database.entryPlaces[id]), from: database.document)
            database.document.move(copy, to: place)
        }
        database.findPlaces()
        #expect(database.entry(id)?.group?.name == "Internet")
        #expect(database.entries.first { $0.id == id }?.group?.name == "Internet")
        #expect(database.entries.filter { $0.id == id }.count == 3)
    }

    @Test(arguments: [0, 1, 0x1F, 0xFFFE, 0xFFFF] as [UInt32], [FormatVersion.v3_1, .v4_1])
    func `a text that XML can't have is refused, and nothing is touched`(
        number: UInt32,
        version: FormatVersion
    ) throws {
        let character = String(try #require(Unicode.Scalar(number)))
        var database = try SampleDatabase.database(Layout(version: version, keyDerivation: .aes(rounds: 10)))
        let entry = try #require(database.entries.first)
        let (id, group) = (try #require(entry.id), try #require(database.root.id))
        let before = try DatabaseContents.xml(of: database)
        let changes = [
            FieldChange("URL", "https://evil.example\(character)/"), FieldChange("a\(character)", "b"),
            FieldChange("Password\(character)", "b"), FieldChange("Notes", "\(character)"),
            FieldChange("own", SecretBytes(copying: [0x61, 0xC3]), isProtected: false),
        ]
        for change in changes {
            #expect(throws: KDBXError.unwritable) {
                try database.change(id, [change], at: SampleDatabase.then)
            }
            #expect(throws: KDBXError.unwritable) {
                try database.addEntry(to: group, [change], at: SampleDatabase.then)
            }
        }
        #expect(throws: KDBXError.unwritable) {
            try database.addGroup("x\(character)", to: group, at: SampleDatabase.then)
        }
        #expect(try DatabaseContents.xml(of: database) == before)
        // What is protected stands in the file as base64, which has room for everything.
        let secret = SecretBytes(utf8: "p\(character)q")
        try database.change(id, [FieldChange("Password", secret, isProtected: true)], at: SampleDatabase.then)
        let key = try CompositeKey.password("x")
        let again = try Database(reading: database.written(key: key).file, key: key)
        #expect(again.entry(id)?.secret("Password") == secret)
        // Nor is anything left out by the writer, whoever put it there.
        let named = Database(new: "x\(character)", SampleDatabase.layout, at: SampleDatabase.then)
        #expect(throws: KDBXError.unwritable) { try named.written(key: key) }
    }

    @Test mutating func `two names that are read as one are one string`() throws {
        let (composed, apart) = ("caf\u{E9}", "cafe\u{301}")
        try database.change(id, [FieldChange(apart, "1")], at: later)
        try database.change(id, [FieldChange(composed, "2")], at: later)
        let names = try entry().fields.map(\.name)
        #expect(names.filter { $0 == composed }.map { Array($0.utf8) } == [Array(apart.utf8)])
        #expect(try entry().text(apart) == "2")
        #expect(throws: KDBXError.unwritable) {
            try database.change(id, [FieldChange(composed, "3"), FieldChange(apart, "4")], at: later)
        }
        try database.change(id, [FieldChange(composed, nil)], at: later)
        #expect(try !entry().fields.contains { $0.name == apart })
    }

    @Test func `a name too long in marks for what reads it isn't there twice after a change`() throws {
        let long = "n" + String(repeating: "\u{301}", count: 40)
        var database = try HandmadeFile.read(
            HandmadeFile.xml(
                "<Entry><UUID>\(Identifier.random().base64)</UUID><String><Key>\(long)</Key><Value>1</Value></String></Entry>"
            )
        )
        let entry = try #require(database.entries.first)
        let (id, name) = (try #require(entry.id), try #require(entry.fields.first?.name))
        try database.change(id, [FieldChange(name, "2")], at: SampleDatabase.then)
        let key = try CompositeKey.password("x")
        let again = try Database(reading: database.written(key: key).file, key: key)
        let strings = try #require(again.entry(id)).strings
        #expect(strings.map { again.entry(id)?.text(of: $0) } == ["2"])
        // As it was written by whoever wrote it.
        let document = again.document
        let keys = document.elements(under: document.root) { document.name(of: $0) == "Key" }
        #expect(keys.allSatisfy { Array(document.content(of: $0)) == Array(long.utf8) })
    }

    @Test func `two strings of one name in another program's file stay as they are`() throws {
        let string = { (value: String) in "<String><Key>x</Key><Value>\(value)</Value></String>" }
        var database = try HandmadeFile.read(
            HandmadeFile.xml(
                "<Entry><UUID>\(Identifier.random().base64)</UUID>\(string("1"))\(string("2"))</Entry>"
            )
        )
        let id = try #require(database.entries.first?.id)
        try database.change(id, [FieldChange("y", "3")], at: SampleDatabase.then)
        let key = try CompositeKey.password("x")
        let again = try #require(try Database(reading: database.written(key: key).file, key: key).entry(id))
        #expect(again.strings.map { again.text(of: $0) } == ["1", "2", "3"])
    }
}
