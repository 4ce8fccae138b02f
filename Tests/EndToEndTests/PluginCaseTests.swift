// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

/// The requests and answers that the KeePassHttp plugin's own tests are about, on a file of the same shape.
///
/// Where Keybell does something else than the plugin on purpose, the test's name says so.
struct PluginCaseTests {
    private static let envelope = [
        "Hash", "Hmac", "Id", "Nonce", "RequestType", "Success", "Verifier", "Version",
    ]
    private static let entry = ["Group", "Login", "Name", "Password", "Uuid"]

    @Test func `test-associate says whether key and Hmac are right, and has eight members`() async throws {
        let client = try await PluginClient()
        let good = try await client.ask("test-associate")
        #expect(good.status == 200 && good.read.success && good.read.id == PluginFile.client)
        #expect(good.json.keys.sorted() == Self.envelope)
        #expect(good.json["RequestType"] as? String == "test-associate")

        let unnamed = try await client.send(HandwrittenRequest("test-associate", key: client.key).bytes)
        #expect(unnamed.status == 200 && !unnamed.read.success)
        #expect(unnamed.json["RequestType"] as? String == "test-associate")
        #expect(unnamed.json["Version"] as? String == "2.3.1.0")
        // Of the root's uuid and, since there is no recycle bin, zeros.
        let hash = "b0fff966e17211637903d13d487fea5edbf3a809"
        #expect(unnamed.json["Hash"] as? String == hash && good.json["Hash"] as? String == hash)

        let stranger = try HandwrittenRequest("test-associate", id: PluginFile.client, key: .random())
        #expect(try await !client.send(stranger.bytes).read.success)

        let wrong = try await client.ask(
            "test-associate",
            plain: ["Hmac": "\"\(String(repeating: "A", count: 43))=\""]
        )
        #expect(wrong.status == 200 && !wrong.read.success)
        #expect(wrong.json["Error"] as? String == "Couldn't verify request")
        let right = try await client.ask("test-associate") { seal in
            ["Hmac": HandwrittenRequest.text(try seal.signature().hmac ?? "")]
        }
        #expect(right.read.success)
    }

    @Test func `get-logins finds by title, URL, host and port, the nearest first`() async throws {
        let client = try await PluginClient()
        let cases: [(url: String, submit: String?, logins: [String])] = [
            ("http://www.doesnotexist.com/", nil, []),
            ("http://www.google.com/", nil, ["google-user"]),
            ("http://www.yahoo.com/", nil, ["www.yahoo-user"]),
            ("http://yahoo.com/", nil, ["yahoo-user"]),
            ("http://citi.com/", nil, ["citi-user"]),
            ("http://citi1.com/", nil, ["citi1-user"]),
            ("https://cititest.com/", nil, ["cititest-user"]),
            ("https://bogustest.com/", nil, ["bogustest-user"]),
            ("https://www.bogustest.com/", nil, ["bogustest-user"]),
            ("https://bogustest1.com/", nil, ["bogustest1-user"]),
            ("https://www.bogustest1.com/", nil, ["bogustest1-user"]),
            ("http://www.host.com/", "http://www.host.com/path1", ["user1", "user2"]),
            ("http://www.host.com", "http://www.host.com/path2?param=value", ["user2", "user1"]),
            ("http://www.host.com", nil, ["user1", "user2"]),
            ("https://172.29.99.249:9443/", nil, ["issue-40"]),
            ("https://172.29.99.249", nil, []),
            ("http://www.sort.example", nil, ["user1", "user2"]),
            ("http://www.expired.com", nil, ["old"]),
        ]
        for (url, submit, logins) in cases {
            let reply = try await client.logins(url, submit: submit)
            #expect(reply.status == 200 && reply.read.success)
            #expect(reply.logins == logins, "\(url) \(submit ?? "")")
            #expect(reply.read.count == logins.count)
            #expect(reply.members == (logins.isEmpty ? [] : [Self.entry]))
            #expect(reply.json.keys.sorted() == (Self.envelope + ["Count", "Entries"]).sorted())
            let count = try await client.ask("get-logins-count", ["Url": url])
            #expect(count.read.count == logins.count && count.json["Entries"] == nil)
        }
        let group = try await client.ask("get-logins", ["Url": "http://www.sort.example/"]).entries.first?
            .group
        #expect(group?.name == "test/sorting")
    }

    @Test
    func `entries are had by name and by uuid, and all of them but the settings and what can't be searched`()
        async throws
    {
        let client = try await PluginClient("[protocol]\npasswords_in_get_all_logins = true")
        func named(_ names: [String]) async throws -> PluginClient.Reply {
            try await client.ask("get-logins-by-names") { seal in
                [
                    "Names": "["
                        + (try names.map { HandwrittenRequest.text(try seal.field($0)) }).joined(
                            separator: ","
                        )
                        + "]"
                ]
            }
        }
        let one = try await named(["ABC"])
        #expect(one.names == ["ABC"] && one.logins == ["user1"] && one.members == [Self.entry])
        let two = try await named(["XYZ", "ABC"])
        #expect(two.names == ["ABC", "XYZ"] && two.logins == ["user1", "user2"])

        let byID = try await client.ask("get-login-by-uuid", ["Uuid": PluginFile.abc])
        #expect(byID.names == ["ABC"] && byID.logins == ["user1"] && byID.members == [Self.entry])

        // The plugin counts its own settings and the entry that is hidden from searches among them: 17.
        let all = try await client.ask("get-all-logins")
        #expect(all.entries.count == 15 && all.members == [Self.entry])
        #expect(all.entries.contains { $0.name == "google.com" && $0.login == "google-user" })
        #expect(all.logins == all.logins.sorted { $0.uppercased() < $1.uppercased() })
        #expect(all.entries.first { $0.name == "citi" }?.group?.name == "test")
        #expect(all.entries.first { $0.name == "citi" }?.group?.uuid == PluginFile.root)
    }

    @Test func `get-logins-custom-search looks where its flags say`() async throws {
        let client = try await PluginClient()
        let cases: [(text: String, flag: String, with: [String], without: [String])] = [
            ("ABC", "SearchInTitles", ["ABC"], []),
            ("user1", "SearchInUserNames", ["SubPath1", "ABC"], []),
            ("sf-pass", "SearchInPasswords", ["StringFields"], []),
            ("http://www.sort.example", "SearchInUrls", ["ABC", "XYZ"], []),
            ("sf-note", "SearchInNotes", ["StringFields"], []),
            ("V1", "SearchInOther", ["StringFields"], []),
            ("KPH: F1", "SearchInStringNames", ["StringFields"], []),
            ("#sort", "SearchInTags", ["ABC"], []),
            ("8AA5", "SearchInUuids", ["ABC"], []),
            ("sorting", "SearchInGroupPaths", ["ABC", "XYZ"], []),
            ("sorting", "SearchInGroupNames", ["ABC", "XYZ"], []),
            ("hidden", "RespectEntrySearchingDisabled", [], ["hidden"]),
        ]
        for (text, flag, with, without) in cases {
            #expect(try await client.names(searching: text, [flag: "true"]) == with, "\(flag)")
            #expect(try await client.names(searching: text, [flag: "\"False\""]) == without, "\(flag)")
        }
        #expect(try await client.names(searching: "test", ["SearchInGroupNames": "true"]).count == 13)
        let urls = ["SearchInUrls": "false"]
        let kept = urls.merging(["ExcludeExpired": "false"]) { $1 }
        let hidden = urls.merging(["ExcludeExpired": "true"]) { $1 }
        #expect(try await client.names(searching: "expired", kept) == ["expired"])
        #expect(try await client.names(searching: "expired", hidden) == [])
    }

    @Test func `a search is simple or an expression, and compares letters as is wanted`() async throws {
        let client = try await PluginClient()
        func names(_ text: String, _ mode: String, _ comparison: String) async throws -> [String] {
            let flags = [
                "SearchMode": HandwrittenRequest.text(mode),
                "ComparisonMode": HandwrittenRequest.text(comparison),
            ]
            return try await client.names(searching: text, flags)
        }
        #expect(try await names("ABC", "Simple", "InvariantCultureIgnoreCase") == ["ABC"])
        #expect(try await names(".*BC", "Regular", "InvariantCultureIgnoreCase") == ["ABC"])
        #expect(try await names("aBc", "Simple", "OrdinalIgnoreCase") == ["ABC"])
        #expect(try await names("abc", "Simple", "Ordinal") == [])
        let broken = try await client.ask(
            "get-logins-custom-search",
            ["SearchString": "*BC"],
            plain: ["SearchMode": "\"Regular\""]
        )
        #expect(broken.status == 200 && !broken.read.success)
        #expect((broken.json["Error"] as? String)?.hasPrefix("Invalid regular expression: ") == true)
        let mode = try await client.ask(
            "get-logins-custom-search",
            ["SearchString": "x"],
            plain: ["SearchMode": "\"Fuzzy\""]
        )
        #expect(mode.status == 200 && !mode.read.success)
        #expect(mode.json["Error"] as? String == "Invalid search mode")
    }

    @Test func `set-login makes entries and changes just what it names`() async throws {
        let client = try await PluginClient("[fields]\nreturn = true\nonly_kph = false")
        let url = "https://fresh.example/path/page"
        let made = try await client.ask("set-login", ["Url": url, "Login": "new", "Password": "first"])
        #expect(made.read.success)
        let found = try await client.ask("get-logins", ["Url": "https://fresh.example/"])
        #expect(found.names == ["fresh.example"] && found.logins == ["new"])
        let id = try #require(found.entries.first?.uuid)
        let changed = try await client.ask(
            "set-login",
            ["Url": url, "Login": "newer", "Password": "second", "Uuid": id]
        )
        #expect(changed.read.success)
        let again = try await client.ask("get-logins", ["Url": "https://fresh.example/"])
        #expect(again.logins == ["newer"] && again.entries.first?.password == SecretBytes(utf8: "second"))

        let refused = try await client.ask(
            "set-login",
            ["Login": "l", "Password": "p", "Uuid": "FA4E00001E458042B329D93686B6788A"]
        )
        #expect(refused.status == 200 && !refused.read.success)
        let noHex = try await client.ask(
            "set-login",
            ["Login": "l", "Uuid": "FAKE00001E458042B329D93686B6788A"]
        )
        #expect(noHex.status == 200 && !noHex.read.success)

        func abc() async throws -> ReplyEntry {
            try #require(try await client.ask("get-login-by-uuid", ["Uuid": PluginFile.abc]).entries.first)
        }
        #expect(
            try await client.ask("set-login", ["Uuid": PluginFile.abc, "Login": "new_login"]).read.success
        )
        #expect(try await client.ask("set-login", ["Uuid": PluginFile.abc, "Password": "n3w"]).read.success)
        #expect(try await client.ask("set-login", ["Uuid": PluginFile.abc, "Name": "New ABC"]).read.success)
        let entry = try await abc()
        #expect(entry.login == "new_login" && entry.name == "New ABC")
        #expect(entry.password == SecretBytes(utf8: "n3w"))

        func set(_ name: String, to value: String?) async throws -> Bool {
            try await client.ask("set-login", ["Uuid": PluginFile.abc]) { seal in
                let json = try value.map { HandwrittenRequest.text(try seal.field($0)) } ?? "null"
                return ["StringFields": "{\(HandwrittenRequest.text(try seal.field(name))):\(json)}"]
            }.read.success
        }
        // The URL and the notes are strings, too, and stay what they are.
        func fields() async throws -> [ReplyEntry.StringField] {
            try await abc().stringFields.filter { !["Notes", "URL"].contains($0.key) }
        }
        #expect(try await set("key_1", to: "value"))
        #expect(try await fields().map(\.key) == ["key_1"])
        #expect(try await fields().first?.value == SecretBytes(utf8: "value"))
        #expect(try await set("key_1", to: nil))
        #expect(try await fields().isEmpty)
    }

    @Test func `generate-password, an unknown command and the version answer as the plugin does`()
        async throws
    {
        let client = try await PluginClient()
        let made = try await client.ask("generate-password")
        #expect(made.read.success && made.read.count == 1 && made.names == ["generate-password"])
        #expect(made.members == [["Login", "Name", "Password", "Uuid"]])
        #expect(made.logins.first.flatMap { Int($0) } != nil && made.entries.first?.password.isEmpty == false)

        let unknown = try await client.ask("invalid-request-type")
        #expect(unknown.status == 400 && unknown.json["Success"] as? Bool == false)
        #expect(unknown.json["RequestType"] as? String == "invalid-request-type")
        #expect(unknown.json["Error"] as? String == "Unknown command: invalid-request-type")

        let plain = try await client.session.send([], path: "/version", options: ["-G"])
        #expect(plain.status == 200 && String(decoding: plain.body, as: UTF8.self) == "2.3.1.0")
        let list = try await client.session.send([], path: "/version?format=keepass", options: ["-G"])
        #expect(list.status == 200)
        #expect(String(decoding: list.body, as: UTF8.self).contains(":\nKeePassHttp:2.3.1.0\n:"))
    }

    @Test
    func
        `string fields come when they are wanted, without those that have a place of their own and the settings`()
        async throws
    {
        func fields(_ configuration: String) async throws -> [String: SecretBytes]? {
            let client = try await PluginClient(configuration)
            let reply = try await client.ask("get-logins", ["Url": "http://sf-url.com"])
            #expect(reply.entries.count == 1)
            guard reply.members != [Self.entry] else { return nil }
            let fields = try #require(reply.entries.first).stringFields
            return Dictionary(uniqueKeysWithValues: fields.map { ($0.key, $0.value) })
        }
        let value = SecretBytes(utf8: "V1")
        #expect(try await fields("") == nil)
        #expect(try await fields("[fields]\nreturn = true") == ["F1": value])
        let all = try await fields("[fields]\nreturn = true\nonly_kph = false")
        #expect(all?["KPH: F1"] == value)
        #expect(all.map { Set($0.keys).subtracting(["Notes", "URL"]) } == ["KPH: F1"])
    }

    @Test func `the options for matching and sorting do what the plugin's do`() async throws {
        let strict = try await PluginClient("[match]\nbest_only = true\nschemes = true\nhide_expired = true")
        #expect(try await strict.logins("http://www.expired.com").logins == [])
        let page = "http://www.host.com"
        #expect(try await strict.logins(page, submit: page + "/path1").logins == ["user1"])
        #expect(try await strict.logins(page, submit: page + "/path2?param=value").logins == ["user2"])
        #expect(try await strict.logins(page).logins == ["user1", "user2"])
        #expect(try await strict.logins("https://www.host.com").logins == [])

        let titles = try await PluginClient("[match]\nsort_by = \"title\"")
        let sorted = try await titles.ask("get-logins", ["Url": "http://www.sort.example"])
        #expect(sorted.names == ["ABC", "XYZ"])
        let all = try await titles.ask("get-all-logins").names
        #expect(all.count == 15 && all == all.sorted { $0.uppercased() < $1.uppercased() })
    }
}
