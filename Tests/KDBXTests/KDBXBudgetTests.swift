// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Gzip
import SecureMemory
import TestSupport
import Testing
import XMLTree

@testable import KDBX

/// Small files that would become large, and what makes a reader's time grow with the square of a size.
@Suite struct KDBXBudgetTests {
    private func refusal(_ xml: String) -> KDBXError? {
        do {
            _ = try HandmadeFile.read(xml)
            return nil
        } catch {
            return error as? KDBXError
        }
    }

    @Test func `a content that swells beyond a hundred times the file is refused`() throws {
        let (file, key) = try HandmadeFile.make([UInt8](repeating: 0x20, count: 80 << 20))
        #expect(file.count < 100_000)
        #expect(throws: KDBXError.excessive(.content)) { try Database(reading: file, key: key) }
    }

    @Test func `a small file of empty elements is refused`() {
        #expect(
            refusal(HandmadeFile.xml(String(repeating: "<a/>", count: 2_000_000))) == .excessive(.elements)
        )
        #expect(
            refusal(HandmadeFile.xml(String(repeating: "<String/>", count: 2_000_000)))
                == .excessive(.elements)
        )
    }

    @Test func `elements have as many attributes as any program writes`() throws {
        func xml(_ count: Int, _ attribute: (Int) -> String) -> String {
            HandmadeFile.xml("<a \((0..<count).map(attribute).joined(separator: " "))/>")
        }
        #expect(refusal(xml(256) { "a\($0)=\"\"" }) == nil)
        #expect(refusal(xml(257) { "a\($0)=\"\"" }) == .excessive(.attributes))
        #expect(refusal(xml(100_000) { "a\($0)=''" }) == .excessive(.attributes))
        #expect(refusal(xml(50_000) { "xmlns:a\($0)='b'" }) == .excessive(.attributes))
    }

    @Test func `text that only looks like attributes is none`() {
        let text = String(repeating: "a=\"b\" ", count: 1000)
        let notes =
            "<Notes>\(text)</Notes><Notes><![CDATA[<a \(text)/>]]></Notes><!-- <a \(text)> --><?p <a \(text)?>"
        #expect(refusal(HandmadeFile.xml(notes)) == nil)
        let value = "<a b='\(String(repeating: "> &lt;x=\"\" ", count: 1000))'/>"
        #expect(refusal(HandmadeFile.xml(value)) == nil)
    }

    @Test func `namespaces and names are as few as any program declares`() {
        let namespaces = (0..<100).map { _ in
            "<a \((0..<50).map { "xmlns:n\($0)=\"u\"" }.joined(separator: " "))>"
        }
        let nested = namespaces.joined() + String(repeating: "</a>", count: 100)
        #expect(refusal(HandmadeFile.xml(nested)) == .excessive(.namespaces))
        let names = (0..<20_000).map { "<n\($0)>text</n\($0)>" }.joined()
        #expect(refusal(HandmadeFile.xml(names)) == .excessive(.names))
        let long = "a" + String(repeating: "\u{323}\u{301}", count: 1000)
        #expect(refusal(HandmadeFile.xml("<\(long)/>")) == .excessive(.names))
    }

    @Test func `an encoding that isn't looked through is for small texts alone`() throws {
        let declared =
            "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a>\(String(repeating: "x", count: 40_000))</a>"
        let bytes: [UInt8] = declared.utf8.reduce(into: [0xFF, 0xFE]) { $0 += [$1, 0] }
        #expect(throws: XMLError.excessive(.encoding)) { try Document(parsing: bytes) }
    }

    @Test func `headers have as many fields as any program writes`() throws {
        var inner: [UInt8] = []
        for _ in 0..<2000 { inner += [9, 0, 0, 0, 0] }
        let (file, key) = try HandmadeFile.make(Array(HandmadeFile.xml("").utf8), innerFields: inner)
        #expect(throws: KDBXError.damaged(.innerHeader)) { try Database(reading: file, key: key) }
        var dictionary = VariantDictionary()
        for number in 0..<2000 { dictionary["n\(number)"] = .uint32(0) }
        #expect(throws: KDBXError.excessive(.fields)) { try VariantDictionary(parsing: dictionary.encoded) }
        var outer = Array(file.prefix(12))
        for _ in 0..<300 { outer += [1, 0, 0, 0, 0] }
        #expect(throws: KDBXError.excessive(.fields)) { try LockedFile(parsing: outer) }
    }

    // MARK: - Growth

    /// 4 is in proportion, 16 the square; between them there is room for a cache that has become too small.
    private let most = 9.0

    private func entry(_ content: String, id: Identifier = .random()) -> String {
        "<Entry><UUID>\(id.base64)</UUID>\(content)</Entry>"
    }

    private func string(_ name: String, _ value: String = "value") -> String {
        "<String><Key>\(name)</Key><Value>\(value)</Value></String>"
    }

    @Test func `an entry with many strings is read and changed in proportion`() throws {
        let id = Identifier.random()
        let growth = try ProcessorTime.growth(from: 1500) { count in
            try HandmadeFile.read(
                HandmadeFile.xml(entry((0..<count).map { string("field \($0)") }.joined(), id: id))
            )
        } _: { database in
            let entry = try #require(database.entry(id))
            let secrets = entry.strings.compactMap { entry.secret(of: $0) }
            #expect(secrets.count >= 1500)
            var changed = database
            let changes = secrets.indices.map { FieldChange("field \($0)", "other") }
            try changed.change(id, changes, at: SampleDatabase.then)
        }
        #expect(growth < most)
    }

    @Test(arguments: ["", "<a/>"])
    func `text that isn't well-formed is refused at its first mistake`(before: String) {
        let growth = ProcessorTime.growth(from: 20_000) { count in
            Array((before + "<?xll a?>" + String(repeating: "<!-- a ", count: count)).utf8)
        } _: { bytes in
            _ = try? Document(parsing: bytes)
        }
        #expect(growth < most)
    }

    @Test func `runs of combining marks are compared in proportion, and kept as they are`() throws {
        let growth = try ProcessorTime.growth(from: 20_000) { count in
            let marks = "a" + String(repeating: "\u{323}\u{301}", count: count / 2)
            return try HandmadeFile.read(
                HandmadeFile.xml(entry(string("Title", marks) + string(marks) + "<Tags>\(marks)</Tags>"))
            )
        } _: { database in
            let entry = try #require(database.entries.first)
            var seen: Set<String> = []
            for text in entry.fields.map(\.name) + entry.tags + [entry.text("Title") ?? ""] {
                seen.insert(text)
            }
            #expect(seen.count == 2)
            #expect(try DatabaseContents.xml(of: database).utf8.count > 20_000 * 6)
        }
        #expect(growth < most)
    }

    /// Two states of a database that differ in every place that a merge looks at.
    private func pair(_ content: (Int, Bool) -> String, _ count: Int) throws -> (Database, Database) {
        let sides = [true, false].map { isOurs in (0..<count).map { content($0, isOurs) }.joined() }
        let xml = HandmadeFile.xml("CONTENT", deleted: "DELETED")
        let parts = sides.map { $0.split(separator: "|", omittingEmptySubsequences: false) }
        let databases = try parts.map { part in
            try HandmadeFile.read(
                xml.replacing("CONTENT", with: part[0]).replacing(
                    "DELETED",
                    with: part.count > 1 ? part[1] : ""
                )
            )
        }
        return (databases[0], databases[1])
    }

    @Test func `many values in one string are read in proportion`() throws {
        let growth = try ProcessorTime.growth(from: 4000) { count in
            let values = String(repeating: "<Value>a</Value>", count: count)
            return try HandmadeFile.make(
                HandmadeFile.xml("<Entry><String>\(values)<Key>k</Key></String></Entry>")
            )
        } _: { file, key in
            _ = try Database(reading: file, key: key)
        }
        #expect(growth < most)
    }

    @Test func `many entries that say the same are read in proportion`() throws {
        let growth = try ProcessorTime.growth(from: 500) { count in
            try HandmadeFile.make(HandmadeFile.xml(String(repeating: "<Entry/>", count: count)))
        } _: { file, key in
            let database = try Database(reading: file, key: key)
            #expect(database.replacementIDs.count >= 500)
        }
        #expect(growth < most)
    }

    @Test func `many entries and groups merge in proportion`() throws {
        let growth = try ProcessorTime.growth(from: 400) { count in
            let ids = (0..<count).map { _ in Identifier.random() }
            return try pair(
                { number, isOurs in
                    let same = entry(string("Title", "same"), id: ids[number])
                    let changed = entry(
                        string("Title", "same") + (isOurs ? "" : string("x")),
                        id: ids[number]
                    )
                    let own = entry(string("Title", "same"))
                    return (number.isMultiple(of: 2) ? same : changed)
                        + "<Group><UUID>\(Identifier.random().base64)</UUID><Name>g</Name>\(own)</Group>"
                },
                count
            )
        } _: { ours, theirs in
            var ours = ours
            ours.merge(theirs)
        }
        #expect(growth < most)
    }

    @Test func `long histories merge in proportion`() throws {
        let id = Identifier.random()
        let growth = try ProcessorTime.growth(from: 300) { count in
            let states = [0, 1].map { side in
                (0..<count).map { number in
                    "<Entry><UUID>\(id.base64)</UUID>\(string("Title", "\(number % 2 == 0 ? 0 : side) \(number)"))</Entry>"
                }.joined()
            }
            let databases = try states.map { state in
                try HandmadeFile.read(HandmadeFile.xml(entry("<History>\(state)</History>", id: id)))
            }
            return (databases[0], databases[1])
        } _: { ours, theirs in
            var merged = ours
            merged.merge(theirs)
            let before = ours.entry(id)?.history.count ?? 0
            #expect(merged.entry(id)?.history.count == before + before / 2)
        }
        #expect(growth < most)
    }

    @Test func `many deletions are merged over in proportion`() throws {
        let growth = try ProcessorTime.growth(from: 1500) { count in
            let ids = (0..<count).map { _ in Identifier.random() }
            let notes = ids.map { "<DeletedObject><UUID>\($0.base64)</UUID></DeletedObject>" }
            let entries = ids.enumerated().map { number, id in
                let time = "<LastModificationTime>2026-01-02T03:04:05Z</LastModificationTime>"
                return entry(number.isMultiple(of: 2) ? "<Times>\(time)</Times>" : "", id: id)
            }
            return (
                try HandmadeFile.read(HandmadeFile.xml("", deleted: notes.joined())),
                try HandmadeFile.read(HandmadeFile.xml(entries.joined()))
            )
        } _: { ours, theirs in
            var merged = ours
            merged.merge(theirs)
            #expect(merged.entries.count == theirs.entries.count / 2)
            #expect(merged.deletions.count == ours.deletions.count / 2)
        }
        #expect(growth < most)
    }

    @Test(arguments: [FormatVersion.v3_1, .v4_1])
    func `many attachments merge in proportion`(version: FormatVersion) throws {
        let growth = try ProcessorTime.growth(from: 200) { count in
            let layout = Layout(version: version, keyDerivation: .aes(rounds: 10))
            let none = Database(new: "x", layout, at: SampleDatabase.then)
            let databases = try (0..<2).map { side in
                var database = none
                let root = try #require(database.root.id)
                var index = AttachmentIndex(of: database)
                for number in 0..<count {
                    let id = try database.addEntry(
                        to: root,
                        [FieldChange("Title", "e")],
                        at: SampleDatabase.then
                    )
                    let reference = index.reference(
                        to: Attachment(Array("\(side) \(number)".utf8)),
                        in: &database
                    )
                    let place = try #require(database.entryPlaces[id])
                    let binary = database.document.append("Binary", to: place)
                    database.document.append("Key", to: binary, text: "file")
                    let value = database.document.append("Value", to: binary)
                    database.document.setAttribute("Ref", of: value, to: reference)
                }
                return database
            }
            return (databases[0], databases[1])
        } _: { ours, theirs in
            var merged = ours
            merged.merge(theirs)
            let files = merged.entries.compactMap { $0.attachment("file") }
            #expect(Set(files).count == ours.entries.count + theirs.entries.count)
        }
        #expect(growth < most)
    }

    @Test func `what a budget doesn't allow isn't inflated, and goes over as it is`() throws {
        let zeros = try GzipStream.compress([UInt8](repeating: 0, count: 1 << 20))
        var budget = InflationBudget(3 << 19)
        #expect(budget.inflate(zeros)?.count == 1 << 20)
        #expect(budget.inflate(zeros) == nil)
        // What can't be had costs as well, so that there is an end to it.
        #expect(budget.inflate(try GzipStream.compress([1])) == nil)

        let layout = Layout(version: .v3_1, keyDerivation: .aes(rounds: 10))
        let none = Database(new: "x", layout, at: SampleDatabase.then)
        var theirs = none
        let root = try #require(theirs.root.id)
        var index = AttachmentIndex(of: theirs)
        var ids: [Identifier] = []
        for number in 0..<4 {
            let id = try theirs.addEntry(
                to: root,
                [FieldChange("Title", "e\(number)")],
                at: SampleDatabase.then
            )
            let bytes = [UInt8](repeating: UInt8(number), count: 1 << 20)
            let reference = index.reference(
                to: Attachment(try GzipStream.compress(bytes), isCompressed: true),
                in: &theirs
            )
            let binary = theirs.document.append("Binary", to: try #require(theirs.entryPlaces[id]))
            theirs.document.append("Key", to: binary, text: "file")
            let value = theirs.document.append("Value", to: binary)
            theirs.document.setAttribute("Ref", of: value, to: reference)
            ids.append(id)
        }
        theirs.inflationBudget = InflationBudget(2 << 20)
        var merged = none
        merged.merge(theirs)
        // Some came over inflated and some as they were: each is what it was.
        for (number, id) in ids.enumerated() {
            #expect(
                merged.entry(id)?.attachment("file") == [UInt8](repeating: UInt8(number), count: 1 << 20)
            )
        }
        let isCompressed = merged.binaryPlaces.values.filter {
            merged.document.attribute("Compressed", of: $0) == "True"
        }
        #expect(isCompressed.count == 2)
    }
}
