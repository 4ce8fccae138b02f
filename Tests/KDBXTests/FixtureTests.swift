// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SecureMemory
import Testing

@testable import KDBX

@Suite struct FixtureTests {
    private static let folder =
        #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Fixtures"

    private func open(_ name: String) throws -> Database {
        let bytes = Array(try Data(contentsOf: URL(filePath: Self.folder + "/" + name)))
        let database = try Database(reading: bytes, key: .password("demopass"))
        let written = try database.madeCheap().written(key: .password("demopass"))
        let again = try LockedFile(parsing: written.file).open(written.key)
        #expect(try DatabaseContents(again) == DatabaseContents(database))
        return again
    }

    @Test func `a file of KeePassXC opens with its history, attachment and recycle bin`() throws {
        let database = try open("KeePassXC41.kdbx")
        #expect(database.version == .v4_1)
        let entry = try #require(database.group(at: ["Internet"])?.entries.first)
        #expect(entry.text("Title") == "Example")
        #expect(entry.text("UserName") == "person")
        #expect(entry.text("URL") == "https://example.com/login")
        #expect(entry.secret("Password") == SecretBytes(utf8: "secret two"))
        #expect(entry.history.first?.secret("Password") == SecretBytes(utf8: "secret one"))
        #expect(entry.attachments == ["note.txt"])
        #expect(entry.attachment("note.txt") == Array("attached\n".utf8))
        #expect(entry.attachment("other.txt") == nil)
        let gone = try #require(database.entries.first { $0.text("Title") == "Gone" })
        #expect(gone.group?.isRecycled == true)
        #expect(gone.group?.id == database.recycleBin)
    }

    @Test func `a file of pykeepass opens with its tags, notes and protected field`() throws {
        let database = try open("PyKeePass4.kdbx")
        #expect(database.version == .v4_0)
        let entry = try #require(database.group(at: ["Internet"])?.entries.first)
        #expect(entry.secret("Password") == SecretBytes(utf8: "secret"))
        #expect(entry.tags == ["one", "two"])
        #expect(entry.text("Notes") == "line 1\nline 2")
        #expect(entry.fields.contains(Entry.Field(name: "PIN", isProtected: true)))
        #expect(entry.secret("PIN") == SecretBytes(utf8: "1234"))
        #expect(entry.attachment("note.txt") == Array("attached\n".utf8))
    }

    @Test func `every file here is in the table`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder).filter {
            $0 != "README.md"
        }
        let readme = try String(contentsOf: URL(filePath: Self.folder + "/README.md"), encoding: .utf8)
        #expect(!files.isEmpty)
        for file in files { #expect(readme.contains("| \(file) |"), "\(file)") }
    }
}
