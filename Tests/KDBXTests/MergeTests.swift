// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing
import XMLTree

@testable import KDBX

/// One database that two programs have edited: `file` and `memory`, and a third who merges the two.
@Suite struct MergeTests {
    private var file: Database
    private var memory: Database
    private let ids: [Identifier]
    private let root: Identifier
    private let internet: Identifier

    init() throws {
        file = try SampleDatabase.database()
        memory = file
        ids = file.entries.compactMap(\.id)
        root = try #require(file.root.id)
        internet = try #require(file.group(at: ["Internet"])?.id)
    }

    private func at(_ seconds: Int64) -> Timestamp {
        Timestamp(unix: SampleDatabase.then.unix + 1000 + seconds)
    }

    private func titles(_ database: Database) -> [String] { database.entries.compactMap { $0.text("Title") } }

    /// The passwords that the first entry had, and the one that it has.
    private func passwords(_ database: Database) -> [String?] {
        database.entry(ids[0]).map { ($0.history + [$0]).map { $0.text("Password") } } ?? []
    }

    /// What both ways of merging agree on.
    private func merged() -> [Database] {
        var (one, other) = (file, memory)
        one.merge(memory)
        other.merge(file)
        return [one, other]
    }

    @Test func `two equal states merge to the same, and say so`() throws {
        var one = file
        let hasChanged = one.merge(memory)
        #expect(!hasChanged)
        #expect(try DatabaseContents(one) == DatabaseContents(file))
    }

    @Test mutating func `entries that only one side has are on both`() throws {
        _ = try file.addEntry(to: root, [FieldChange("Title", "from file")], at: at(1))
        _ = try memory.addEntry(to: internet, [FieldChange("Title", "from memory")], at: at(2))
        for database in merged() {
            #expect(
                titles(database).sorted() == ["Entry 1", "Entry 2", "Entry 3", "from file", "from memory"]
            )
            #expect(database.root.entries.count == 1)
            #expect(database.group(internet)?.entries.count == 4)
        }
    }

    @Test mutating func `groups that only one side has come over with what is in them`() throws {
        let outer = try memory.addGroup("Outer", to: internet, at: at(1))
        let inner = try memory.addGroup("Inner", to: outer, at: at(1))
        _ = try memory.addEntry(to: inner, [FieldChange("Title", "deep")], at: at(1))
        for database in merged() {
            #expect(database.group(at: ["Internet", "Outer", "Inner"])?.entries.count == 1)
            #expect(database.group(inner)?.path == ["Internet", "Outer", "Inner"])
        }
    }

    @Test mutating func `the later edit stands and the earlier is in the history`() throws {
        try file.change(ids[0], [FieldChange("Password", "earlier")], at: at(1))
        try memory.change(ids[0], [FieldChange("Password", "later")], at: at(2))
        for database in merged() {
            let entry = try #require(database.entry(ids[0]))
            #expect(entry.text("Password") == "later")
            #expect(entry.modified == at(2))
            #expect(
                entry.history.compactMap { $0.text("Password") }
                    == [SampleDatabase.password + "1", SampleDatabase.password + "new", "earlier"]
            )
        }
    }

    @Test mutating func `of two edits in the same second neither is lost`() throws {
        try file.change(ids[0], [FieldChange("UserName", "file")], at: at(1))
        try memory.change(ids[0], [FieldChange("UserName", "memory")], at: at(1))
        let both = merged()
        for (database, own) in zip(both, ["file", "memory"]) {
            let entry = try #require(database.entry(ids[0]))
            #expect(entry.text("UserName") == own)
            let other = own == "file" ? "memory" : "file"
            #expect(entry.history.contains { $0.text("UserName") == other })
        }
    }

    @Test mutating func `what the history has no room for is no change`() throws {
        for (most, size) in [("0", "-1"), ("-1", "0"), ("0", "0")] {
            var (one, other) = (file, memory)
            let meta = try #require(one.meta)
            one.document.setText(of: meta, child: "HistoryMaxItems", to: most)
            one.document.setText(of: meta, child: "HistoryMaxSize", to: size)
            try other.change(ids[0], [FieldChange("Password", "earlier")], at: at(1))
            try one.change(ids[0], [FieldChange("Password", "later")], at: at(2))
            #expect(one.entry(ids[0])?.history.isEmpty == true)
            let hasChanged = one.merge([ids[0]], from: other)
            #expect(!hasChanged && one.entry(ids[0])?.history.isEmpty == true)
        }
    }

    @Test mutating func `what is due is in the history, whatever room there is for it`() throws {
        for (most, size) in [("0", "-1"), ("-1", "0"), ("0", "0")] {
            var (one, other) = (file, memory)
            let meta = try #require(one.meta)
            one.document.setText(of: meta, child: "HistoryMaxItems", to: most)
            one.document.setText(of: meta, child: "HistoryMaxSize", to: size)
            try other.change(ids[0], [FieldChange("Password", "earlier")], at: at(1))
            try one.change(ids[0], [FieldChange("Password", "later")], at: at(2))
            #expect(!one.hasLongHistory(ids[0]))
            let due = [ids[0]: Set([DueState(at(1))])]
            let hasChanged = one.merge(due, from: other)
            #expect(hasChanged)
            #expect(one.entry(ids[0])?.history.map { $0.text("Password") } == ["earlier"])
            #expect(one.hasLongHistory(ids[0]))
            let changesAgain = one.merge(due, from: other)
            #expect(!changesAgain)
        }
    }

    @Test mutating func `of an entry that has what is due nothing else comes back`() throws {
        try memory.change(ids[0], [FieldChange("Password", "one")], at: at(1))
        try memory.change(ids[0], [FieldChange("Password", "two")], at: at(2))
        try file.change(ids[0], [FieldChange("Password", "two")], at: at(2))
        let before = file.entry(ids[0])?.history.count
        let hasChanged = file.merge(
            [ids[0]: [DueState(at(1), before: at(2)), DueState(at(2))]],
            from: memory
        )
        #expect(!hasChanged)
        #expect(file.entry(ids[0])?.history.count == before)
    }

    @Test mutating func `what is due comes back with what it was made of, but for what was removed`() throws {
        let stale = file
        try memory.change(ids[0], [FieldChange("Password", "zero")], at: at(1))
        try memory.change(ids[0], [FieldChange("Password", "one")], at: at(2))
        // Without the one before.
        try file.change(ids[0], [FieldChange("Password", "one")], at: at(2))
        try memory.change(ids[0], [FieldChange("Password", "two")], at: at(3))
        try memory.change(ids[0], [FieldChange("Password", "three")], at: at(4))
        try file.change(ids[0], [FieldChange("Password", "theirs")], at: at(5))
        let before = passwords(stale)
        let due = [
            ids[0]: Set([
                DueState(at(1), before: at(2)), DueState(at(2), before: at(4)), DueState(at(4)),
            ])
        ]
        var merged = file
        let isMerged = merged.merge(due, from: memory)
        #expect(isMerged)
        #expect(passwords(merged) == before + ["one", "two", "three", "theirs"])
        // The same from the state that has the later one, too.
        var again = file
        let isMergedAgain = again.merge(due, from: merged)
        #expect(isMergedAgain)
        #expect(passwords(again) == before + ["one", "two", "three", "theirs"])
        #expect(merged.hasTimes(of: due) && !file.hasTimes(of: due))
        var without = stale
        try without.delete(ids[0], at: at(5))
        #expect(without.hasTimes(of: due))
        #expect(!without.hasTimes(of: [ids[0]: [DueState(at(4), before: at(6))]]))
    }

    @Test mutating func `what is due comes back from behind a state that both have`() throws {
        let stale = file
        try memory.change(ids[0], [FieldChange("Password", "one")], at: at(1))
        try file.change(ids[0], [FieldChange("Password", "theirs")], at: at(2))
        memory.merge(file)
        try memory.change(ids[0], [FieldChange("Password", "two")], at: at(3))
        let due = [ids[0]: Set([DueState(at(1), before: at(3)), DueState(at(3))])]
        let before = passwords(stale)
        #expect(!file.hasTimes(of: due))
        let isMerged = file.merge(due, from: memory)
        #expect(isMerged)
        #expect(passwords(file) == before + ["one", "theirs", "two"])
    }

    @Test mutating func `an edit is later than the one before, also where the clock was ahead`() throws {
        try file.change(ids[0], [FieldChange("Password", "from the future")], at: at(86_400))
        memory = file
        try memory.change(ids[0], [FieldChange("Password", "now")], at: at(1))
        #expect(memory.entry(ids[0])?.modified == at(86_401))
        try memory.change(ids[0], [FieldChange("Password", "then")], at: at(90_000))
        #expect(memory.entry(ids[0])?.modified == at(90_000))
        for database in merged() { #expect(database.entry(ids[0])?.text("Password") == "then") }
    }

    @Test mutating func `another database is never merged into one, whatever is in it`() throws {
        try memory.change(ids[0], [FieldChange("Password", "elsewhere")], at: at(1))
        _ = try memory.addEntry(to: root, [FieldChange("Title", "more")], at: at(1))
        let id = try #require(memory.document.child(of: memory.rootGroup, named: "UUID"))
        memory.document.setText(of: id, to: Identifier.random().base64)
        var one = file
        let hasChanged = one.merge(memory)
        #expect(try !hasChanged && DatabaseContents(one) == DatabaseContents(file))
    }

    @Test mutating func `merging again changes nothing`() throws {
        try file.change(ids[0], [FieldChange("Password", "earlier")], at: at(1))
        try memory.change(ids[0], [FieldChange("Password", "later")], at: at(2))
        try memory.delete(ids[1], at: at(3))
        var once = file
        once.merge(memory)
        var twice = once
        let hasChanged = twice.merge(memory)
        #expect(!hasChanged)
        #expect(try DatabaseContents(twice) == DatabaseContents(once))
    }

    @Test mutating func `a history has the states of both`() throws {
        for (number, name) in ["a", "b"].enumerated() {
            try file.change(ids[0], [FieldChange("UserName", name)], at: at(Int64(number) * 2))
        }
        for (number, name) in ["x", "y"].enumerated() {
            try memory.change(ids[0], [FieldChange("UserName", name)], at: at(Int64(number) * 2 + 1))
        }
        for database in merged() {
            let entry = try #require(database.entry(ids[0]))
            #expect(entry.text("UserName") == "y")
            #expect(
                entry.history.compactMap { $0.text("UserName") } == ["person1", "person1", "a", "x", "b"]
            )
        }
    }

    @Test mutating func `only what is wanted comes over`() throws {
        let outer = try memory.addGroup("Outer", to: root, at: at(1))
        _ = try memory.addEntry(to: outer, [FieldChange("Title", "unwanted")], at: at(1))
        try memory.change(ids[0], [FieldChange("UserName", "unwanted")], at: at(1))
        try memory.change(ids[1], [FieldChange("UserName", "wanted")], at: at(1))
        let hasChanged = file.merge([ids[1]], from: memory)
        #expect(hasChanged && file.group(outer) == nil)
        #expect(file.entries.map { $0.text("UserName") } == ["person1", "wanted", "person3"])
        let hasMore = file.merge([], from: memory)
        #expect(!hasMore)
    }

    @Test mutating func `places, groups and settings stay as they are, older or newer`() throws {
        let one = try file.addGroup("One", to: root, at: at(0))
        memory = file
        func set(_ name: String, _ time: Timestamp, in database: inout Database) throws {
            let meta = try #require(database.meta)
            database.document.setText(of: meta, child: "DatabaseName", to: name)
            database.document.setText(
                of: meta,
                child: "DatabaseNameChanged",
                to: time.text(for: database.version)
            )
            let group = try #require(database.groupPlaces[one])
            database.document.setText(of: group, child: "Name", to: name)
            database.setTime("LastModificationTime", of: group, to: time)
        }
        try set("file", at(1), in: &file)
        try set("memory", at(2), in: &memory)
        try file.change(ids[0], [FieldChange("UserName", "edited")], at: at(1))
        try memory.move(ids[0], to: root, at: at(2))
        try file.move(ids[1], to: one, at: at(1))
        for (database, (name, places)) in zip(
            merged(),
            [("file", [internet, one]), ("memory", [root, internet])]
        ) {
            #expect(database.entry(ids[0])?.text("UserName") == "edited")
            #expect(ids.prefix(2).map { database.entry($0)?.group?.id } == places)
            #expect(database.meta("DatabaseName") == name && database.group(one)?.name == name)
        }
    }

    @Test mutating func `what was deleted later than it was changed stays deleted, and only there`() throws {
        try memory.delete(ids[0], at: at(1))
        let (file, memory) = (merged()[0], merged()[1])
        #expect(file.entry(ids[0]) != nil && file.deletions.isEmpty)
        #expect(memory.entry(ids[0]) == nil && memory.deletions == [ids[0]: at(1)])
    }

    @Test
    mutating func `an edit after the deletion brings an entry back with its group, and no note is left`()
        throws
    {
        let group = try file.addGroup("Group", to: root, at: at(0))
        let added = try file.addEntry(to: group, [FieldChange("Title", "new")], at: at(0))
        memory = file
        try memory.delete(added, at: at(1))
        memory.document.remove(try #require(memory.groupPlaces[group]))
        memory.groupPlaces[group] = nil
        memory.noteDeletions([group: at(1), ids[2]: at(1)])
        try file.change(added, [FieldChange("UserName", "still needed")], at: at(2))
        memory.merge(file)
        #expect(memory.entry(added)?.text("UserName") == "still needed")
        #expect(memory.entry(added)?.group?.path == ["Group"])
        #expect(memory.deletions == [ids[2]: at(1)])
    }

    @Test(arguments: [FormatVersion.v3_1, .v4_0])
    mutating func `attachments come over, whatever their numbers are`(version: FormatVersion) throws {
        let layout = Layout(version: version, keyDerivation: .aes(rounds: 10))
        file = try SampleDatabase.database(layout)
        memory = file
        func attach(_ bytes: [UInt8], to entry: Element, in database: inout Database) {
            var index = AttachmentIndex(of: database)
            let reference = index.reference(to: Attachment(bytes), in: &database)
            let binary = database.document.append("Binary", to: entry)
            database.document.append("Key", to: binary, text: "a file")
            let value = database.document.append("Value", to: binary)
            database.document.setAttribute("Ref", of: value, to: reference)
        }
        for (number, bytes) in [[1, 2, 3], [UInt8](repeating: 9, count: 5000)].enumerated() {
            let id = try file.addEntry(
                to: #require(file.root.id),
                [FieldChange("Title", "\(number)")],
                at: at(0)
            )
            attach(bytes, to: try #require(file.entryPlaces[id]), in: &file)
        }
        let id = try memory.addEntry(to: #require(memory.root.id), [FieldChange("Title", "m")], at: at(1))
        attach([7, 7, 7], to: try #require(memory.entryPlaces[id]), in: &memory)
        for database in merged() {
            let contents = Dictionary(
                uniqueKeysWithValues: database.root.entries.map {
                    ($0.text("Title") ?? "", $0.attachment("a file"))
                }
            )
            #expect(contents == ["0": [1, 2, 3], "1": [UInt8](repeating: 9, count: 5000), "m": [7, 7, 7]])
            let key = try CompositeKey.password("x")
            let again = try Database(reading: database.written(key: key).file, key: key)
            #expect(try #require(again.entry(id)).attachment("a file") == [7, 7, 7])
        }
    }

    @Test mutating func `a file that was upgraded meanwhile merges with what is in memory`() throws {
        memory = try SampleDatabase.database(Layout(version: .v3_1, keyDerivation: .aes(rounds: 10)))
        file = Database(new: "new", SampleDatabase.layout, at: SampleDatabase.then)
        let id = try #require(file.document.child(of: file.rootGroup, named: "UUID"))
        file.document.setText(of: id, to: try #require(memory.root.id).base64)
        file.merge(memory)
        #expect(titles(file) == ["Entry 1", "Entry 2", "Entry 3"])
        let entry = try #require(file.entries.first)
        // Times are written as the file's version has them.
        let time = file.document.descendant(of: entry.element, "Times", "CreationTime")
        #expect(time.map { file.document.text(of: $0) } == SampleDatabase.then.text(for: .v4_1))
    }

    @Test mutating func `a file of 4.0 that takes something over from 4.1 becomes 4.1`() throws {
        file.header.version = .v4_0
        file.merge(memory)
        #expect(file.version == .v4_0)
        _ = try memory.addEntry(to: root, [FieldChange("Title", "new")], at: at(1))
        file.merge(memory)
        #expect(file.version == .v4_1)
    }
}
