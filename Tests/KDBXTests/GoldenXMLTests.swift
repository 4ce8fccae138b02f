// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing
import XMLTree

@testable import KDBX

/// The exact text that is written: a lenient reader would hide what is wrong with it.
@Suite struct GoldenXMLTests {
    /// The text with identifiers replaced by the order in which they come, and secrets as they are.
    private func text(_ database: Database) throws -> String {
        let document = database.document
        let bytes = try document.serialized { (element: Element) throws(XMLError) in
            database.secret(in: element)?.withSpan { span in span.indices.map { span[$0] } }
        }
        var text = String(decoding: bytes, as: UTF8.self)
        var ids = [try #require(database.root.id)]
        ids += database.root.groups.compactMap(\.id) + database.entries.compactMap(\.id)
        for (number, id) in ids.enumerated() { text = text.replacing(id.base64, with: "id\(number)") }
        return text
    }

    private func times(_ created: String, _ modified: String) -> String {
        "<Times><CreationTime>\(created)</CreationTime><LastModificationTime>\(modified)</LastModificationTime>"
            + "<LastAccessTime>\(modified)</LastAccessTime><ExpiryTime>\(created)</ExpiryTime>"
            + "<Expires>False</Expires><UsageCount>0</UsageCount><LocationChanged>\(created)</LocationChanged></Times>"
    }

    @Test func `a new database with an entry, changed once, is written like this`() throws {
        var database = Database(
            new: "Golden",
            Layout(version: .v3_1, keyDerivation: .aes(rounds: 10)),
            at: Timestamp(unix: 0)
        )
        let root = try #require(database.root.id)
        let group = try database.addGroup("Inner & <outer>", to: root, at: Timestamp(unix: 0))
        let entry = try database.addEntry(
            to: group,
            [FieldChange("Title", "One"), FieldChange("Password", "first"), FieldChange("Own", "1 < 2")],
            at: Timestamp(unix: 0)
        )
        try database.change(entry, [FieldChange("Password", "second")], at: Timestamp(unix: 1_709_210_096))

        let then = "1970-01-01T00:00:00Z"
        let later = "2024-02-29T12:34:56Z"
        func strings(_ password: String) -> String {
            ["Notes", "URL", "UserName"].map { "<String><Key>\($0)</Key><Value/></String>" }.joined()
                + "<String><Key>Title</Key><Value>One</Value></String>"
                + "<String><Key>Password</Key><Value Protected=\"True\">\(password)</Value></String>"
                + "<String><Key>Own</Key><Value>1 &lt; 2</Value></String>"
        }
        let head =
            "<UUID>id2</UUID><IconID>0</IconID><ForegroundColor/><BackgroundColor/><OverrideURL/><Tags/>"
        let autoType =
            "<AutoType><Enabled>True</Enabled><DataTransferObfuscation>0</DataTransferObfuscation>"
            + "<DefaultSequence/></AutoType>"
        let expected = """
            <?xml version="1.0" encoding="utf-8"?>
            <KeePassFile><Meta><Generator>Keybell</Generator><DatabaseName>Golden</DatabaseName>\
            <DatabaseNameChanged>\(then)</DatabaseNameChanged><MemoryProtection><ProtectTitle>False</ProtectTitle>\
            <ProtectUserName>False</ProtectUserName><ProtectPassword>True</ProtectPassword>\
            <ProtectURL>False</ProtectURL><ProtectNotes>False</ProtectNotes></MemoryProtection>\
            <RecycleBinEnabled>True</RecycleBinEnabled><RecycleBinUUID>AAAAAAAAAAAAAAAAAAAAAA==</RecycleBinUUID>\
            <RecycleBinChanged>\(then)</RecycleBinChanged><HistoryMaxItems>10</HistoryMaxItems>\
            <HistoryMaxSize>6291456</HistoryMaxSize><SettingsChanged>\(then)</SettingsChanged></Meta>\
            <Root><Group><UUID>id0</UUID><Name>Golden</Name><IconID>48</IconID>\(times(then, then))\
            <Group><UUID>id1</UUID><Name>Inner &amp; &lt;outer&gt;</Name><Notes/><IconID>48</IconID>\
            \(times(then, then))<IsExpanded>True</IsExpanded><DefaultAutoTypeSequence/>\
            <EnableAutoType>null</EnableAutoType><EnableSearching>null</EnableSearching>\
            <LastTopVisibleEntry>AAAAAAAAAAAAAAAAAAAAAA==</LastTopVisibleEntry>\
            <Entry>\(head)\(times(then, later))\(strings("second"))\(autoType)\
            <History><Entry>\(head)\(times(then, then))\(strings("first"))\(autoType)</Entry></History>\
            </Entry></Group></Group><DeletedObjects/></Root></KeePassFile>
            """
        #expect(try text(database) == expected)
    }

    static let moments: [(Int64, String, String)] = [
        (0, "1970-01-01T00:00:00Z", "APeRdw4AAAA="),
        (-62_135_596_800, "0001-01-01T00:00:00Z", "AAAAAAAAAAA="),
        (951_782_399, "2000-02-28T23:59:59Z", ""),
        (951_782_400, "2000-02-29T00:00:00Z", ""),
        (-1, "1969-12-31T23:59:59Z", ""),
        (253_402_300_799, "9999-12-31T23:59:59Z", ""),
    ]

    @Test(arguments: moments)
    func `a time is written as each version has it, and read from either`(
        unix: Int64,
        iso: String,
        base64: String
    ) {
        let time = Timestamp(unix: unix)
        #expect(time.text(for: .v3_1) == iso)
        #expect(Timestamp(iso) == time)
        #expect(Timestamp(time.text(for: .v4_0)) == time)
        if !base64.isEmpty { #expect(time.text(for: .v4_1) == base64) }
    }

    static let noTimes = [
        "", "yesterday", "2024-13-01T00:00:00Z", "2024-01-01", "AAAA", "//////////8=", "////////////f/8=",
    ]

    @Test(arguments: noTimes)
    func `what is no time is none`(text: String) { #expect(Timestamp(text) == nil) }

    @Test func `offsets and fractions of seconds are read`() {
        #expect(Timestamp("1970-01-01T01:30:00+01:30") == Timestamp(unix: 0))
        #expect(Timestamp("1969-12-31T23:00:00.25-01:00") == Timestamp(unix: 0))
    }
}
