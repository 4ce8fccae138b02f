// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Vault
import XMLTree

@testable import KDBX
@testable import VaultStores

/// What KeePassXC keeps for browsers in a file's groups, and what else all entries of a group have in common.
@Suite struct BrowserSettingsTests {
    private static let now = Timestamp(unix: KDBXFixture.then)

    /// Adds a group that says this of hosts.
    private static func addGroup(
        _ name: String,
        to parent: Identifier,
        saying settings: String,
        in database: inout Database
    ) throws -> Identifier {
        let id = try database.addGroup(name, to: parent, at: now)
        let place = try #require(database.groupPlaces[id])
        let data = database.document.append("CustomData", to: place)
        let item = database.document.append("Item", to: data)
        database.document.append("Key", to: item, text: "KeePassXC-Browser Settings")
        database.document.append("Value", to: item, text: settings)
        return id
    }

    private static func deny(_ hosts: [String]) -> String {
        #"{"Deny":[\#(hosts.map { "\"\($0)\"" }.joined(separator: ","))]}"#
    }

    @Test func `an entry has its own hosts, those of its groups and none of other groups`() throws {
        var database = try KDBXFixture.database()
        let root = try #require(database.root.id)
        let outer = try Self.addGroup("o", to: root, saying: Self.deny(["o.example"]), in: &database)
        let inner = try Self.addGroup("i", to: outer, saying: Self.deny(["i.example"]), in: &database)
        let other = try Self.addGroup("x", to: root, saying: Self.deny(["x.example"]), in: &database)
        for (title, group) in [("outer", outer), ("inner", inner), ("other", other)] {
            let own = FieldChange("KeePassHttp Settings", Self.deny(["own.example"]))
            _ = try database.addEntry(to: group, [FieldChange("Title", title), own], at: Self.now)
        }
        let index = KDBXSnapshot(database).index
        func denied(_ title: String) -> [String] {
            ["own", "o", "i", "x"].filter { name in
                index.titled(title).first?.denies(MatchQuery(url: "https://\(name).example/", now: 0)) == true
            }
        }
        #expect(denied("outer") == ["own", "o"])
        #expect(denied("inner") == ["own", "o", "i"])
        #expect(denied("other") == ["own", "x"])
        #expect(index.titled("inner").first?.deny == ["own.example"])
    }

    @Test func `the paths of many groups take no more than they may together`() throws {
        var database = try KDBXFixture.database()
        let root = try #require(database.root.id)
        let long = String(repeating: "x", count: 1000)
        let outer = try database.addGroup(long, to: root, at: Self.now)
        for number in 0..<30 {
            let inner = try database.addGroup("g\(number)", to: outer, at: Self.now)
            let title = FieldChange("Title", "t\(number)")
            _ = try database.addEntry(to: inner, [title], at: Self.now)
        }
        func names(_ most: Int) -> [String] {
            let index = KDBXSnapshot(database, mostPathBytes: most).index
            return (0..<30).compactMap { index.titled("t\($0)").first?.group?.name }
        }
        #expect(names(16 << 20) == (0..<30).map { "Vault/\(long)/g\($0)" })
        let few = names(10 << 10)
        #expect(few.reduce(0) { $0 + $1.utf8.count } < 12 << 10)
        #expect(few.first == "Vault/\(long)/g0" && few.last == "…/g29")
    }

    @Test func `a group's many hosts are kept once for its many entries`() throws {
        let growth = try ProcessorTime.growth(from: 700) { count in
            var database = try KDBXFixture.database()
            let root = try #require(database.root.id)
            let hosts = Self.deny((0..<count).map { "h\($0).example" })
            let group = try Self.addGroup("g", to: root, saying: hosts, in: &database)
            for number in 0..<count {
                let own = FieldChange("KeePassHttp Settings", Self.deny(["own.example"]))
                let title = FieldChange("Title", "\(number)")
                _ = try database.addEntry(to: group, [title, own], at: Self.now)
            }
            return database
        } _: { database in
            #expect(KDBXSnapshot(database).index.count >= 700)
        }
        // 4 is in proportion, 16 the square.
        #expect(growth < 9)
    }
}
