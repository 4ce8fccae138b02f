// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing

@testable import KDBX

/// Entries without a usable UUID.
@Suite struct ReplacementIDTests {
    private static let zero = Identifier.none.base64
    private static let own = Identifier(Array(1...16))?.base64 ?? ""

    private static func entry(_ title: String, uuid: String?) -> String {
        let id = uuid.map { "<UUID>\($0)</UUID>" } ?? ""
        return "<Entry>\(id)<String><Key>Title</Key><Value>\(title)</Value></String></Entry>"
    }

    private static let content =
        entry("a", uuid: zero) + entry("b", uuid: zero) + entry("c", uuid: "") + entry("c", uuid: nil)
        + entry("d", uuid: own) + entry("e", uuid: own) + entry("f", uuid: "AAAA")

    @Test func `each has a UUID that nobody else has, the same at each reading`() throws {
        let xml = HandmadeFile.xml(Self.content)
        let (one, two) = (try HandmadeFile.read(xml), try HandmadeFile.read(xml))
        let ids = one.entries.compactMap(\.id)
        #expect(ids.count == 7 && Set(ids).count == 7 && !ids.contains(.none))
        #expect(two.entries.compactMap(\.id) == ids)
        for entry in one.entries {
            #expect(try one.entry(#require(entry.id))?.element == entry.element)
        }
        #expect(one.entry(try #require(Identifier(Array(1...16))))?.text("Title") == "d")
        #expect(one.replacementIDs.count == 6)
    }

    @Test func `a UUID tells nothing of what can be a secret in a URL`() throws {
        func id(_ url: String) throws -> Identifier? {
            let entry = Self.entry("a", uuid: Self.zero).replacing(
                "</Entry>",
                with: "<String><Key>URL</Key><Value>\(url)</Value></String></Entry>"
            )
            return try HandmadeFile.read(HandmadeFile.xml(entry)).entries.first?.id
        }
        let plain = try id("https://a.example/in")
        for url in ["https://a.example/in?token=7391", "https://a.example/in#7391"] {
            #expect(try id(url) == plain)
        }
        #expect(try id("https://a.example/out") != plain)
        for password in ["hunter2", "pass", "p/s", "p?s"] {
            #expect(try id("https://u:\(password)@a.example/in?x") == id("https://u:x@a.example/"))
        }
    }

    @Test func `a change is made to the one that is meant, and the UUIDs are in the file from then on`()
        throws
    {
        var database = try HandmadeFile.read(HandmadeFile.xml(Self.content))
        let ids = database.entries.compactMap(\.id)
        try database.change(ids[3], [FieldChange("UserName", "me")], at: SampleDatabase.then)
        let key = try CompositeKey.password("demopass")
        let again = try Database(reading: database.written(key: key).file, key: key)
        #expect(again.entries.compactMap(\.id) == ids)
        #expect(again.entries.map { $0.text("UserName") ?? "" } == ["", "", "", "me", "", "", ""])
        #expect(again.replacementIDs.isEmpty)
    }

    @Test func `another edit of the file doesn't double them`() throws {
        let xml = HandmadeFile.xml(Self.content)
        let memory = try HandmadeFile.read(xml)
        var file = try HandmadeFile.read(xml.replacing(">a<", with: ">renamed<"))
        file.merge(memory)
        #expect(file.entries.map { $0.text("Title") ?? "" } == ["renamed", "b", "c", "c", "d", "e", "f"])
    }

    @Test func `many that say the same cost no more than others`() {
        var made = ReplacementIDs()
        var taken: Set<Identifier> = []
        var tries = 0
        for number in 0..<4000 {
            let id = made.identifier(of: Array((number % 2 == 0 ? "same" : "twin").utf8)) { id in
                tries += 1
                return taken.contains(id)
            }
            #expect(id.map { taken.insert($0).inserted } == true)
        }
        #expect(tries <= 2 * 4000)
    }

    @Test func `a file that nobody waits for any more isn't read on`() async throws {
        let (file, key) = try HandmadeFile.make(HandmadeFile.xml(Self.content))
        let outcome = await Task {
            unsafe withUnsafeCurrentTask { task in unsafe task?.cancel() }
            return Result { try Database(reading: file, key: key) }
        }.value
        #expect(throws: KDBXError.cancelled) { try outcome.get() }
    }

    @Test(arguments: ["\u{0}", "&#0;", "&#x0;", "&#x000;"])
    func `a NUL in a field is told from other damage`(null: String) throws {
        let xml = HandmadeFile.xml(Self.entry("a\(null)b", uuid: Self.own))
        #expect(throws: KDBXError.damaged(.nullCharacter)) { try HandmadeFile.read(xml) }
        let other = HandmadeFile.xml(Self.entry("a&#10;b<", uuid: Self.own))
        #expect(throws: KDBXError.damaged(.document)) { try HandmadeFile.read(other) }
    }
}
