// SPDX-License-Identifier: Apache-2.0

import Foundation
import KDBX
import SecretService
import SecureMemory
import Testing
import Vault

@testable import VaultStores

/// What other programs keep in the field `KeePassHttp Settings` is theirs.
struct EntrySettingsWritingTests {
    private static let text =
        #" {"Realm": "r", "Deny":["no.example", 7], "IconID":12, "Zoom" : 1.50, "Big":123456789012345678901234567890, "#
        + #""Allow":["HTTPS://Www.Example.com/x",null],"Nested":{"a":[true,false,null,{"b":"\u00fc\n"}],"Allow":[]}}"#
    private static let others =
        #""Big":123456789012345678901234567890,"Deny":["no.example",7],"IconID":12,"#
        + #""Nested":{"Allow":[],"a":[true,false,null,{"b":"ü\u000a"}]}"#

    private static func entry(in fixture: KDBXFixture) throws -> Entry {
        try #require(try fixture.read().entries.first { $0.text("Title") == "Example" })
    }

    @Test
    func `a host or a realm that is added to a KDBX entry leaves the field's other members as they were`()
        async throws
    {
        let fixture = try KDBXFixture { database in
            let id = try #require(database.entries.first { $0.text("Title") == "Example" }?.id)
            let field = FieldChange("KeePassHttp Settings", Self.text)
            try database.change(id, [field], at: Timestamp(unix: KDBXFixture.then))
        }
        let store = fixture.store
        try await store.unlock(for: UnlockReason())
        let login = try #require(try await store.index().only("Example"))
        #expect(login.allow == ["www.example.com"] && login.deny == ["no.example"] && login.realm == "r")
        _ = try await store.save(LoginDraft(id: login.id, allowHosts: ["b.example", "www.example.com"]))
        #expect(
            try Self.entry(in: fixture).text("KeePassHttp Settings")
                == #"{"Allow":["HTTPS://Www.Example.com/x",null,"b.example"],"# + Self.others
                + #","Realm":"r","Zoom":1.50}"#
        )
        _ = try await store.save(LoginDraft(id: login.id, realm: "new \"1\""))
        #expect(
            try Self.entry(in: fixture).text("KeePassHttp Settings")
                == #"{"Allow":["HTTPS://Www.Example.com/x",null,"b.example"],"# + Self.others
                + #","Realm":"new \"1\"","Zoom":1.50}"#
        )
        // Another field's change doesn't even tidy it up.
        let before = try Self.entry(in: fixture).text("KeePassHttp Settings")
        _ = try await store.save(LoginDraft(id: login.id, username: "x"))
        #expect(try Self.entry(in: fixture).text("KeePassHttp Settings") == before)
    }

    @Test func `a text that can't be read is replaced, and is in the history`() async throws {
        let fixture = try KDBXFixture { database in
            let id = try #require(database.entries.first { $0.text("Title") == "Example" }?.id)
            let field = FieldChange("KeePassHttp Settings", "{broken")
            try database.change(id, [field], at: Timestamp(unix: KDBXFixture.then))
        }
        try await fixture.store.unlock(for: UnlockReason())
        let login = try #require(try await fixture.store.index().only("Example"))
        _ = try await fixture.store.save(LoginDraft(id: login.id, allowHosts: ["b.example"]))
        let entry = try Self.entry(in: fixture)
        #expect(
            entry.text("KeePassHttp Settings") == #"{"Allow":["b.example"],"Deny":[],"Realm":null}"#
        )
        #expect(entry.history.last?.text("KeePassHttp Settings") == "{broken")
    }

    @Test func `settings that say nothing any more go, unless there is something else in the field`() {
        let (old, none) = (EntrySettings(realm: "r"), EntrySettings())
        func text(_ former: String) -> String? {
            EntrySettings.text(SecretBytes(utf8: former), from: old, to: none)?.exposedText()
        }
        #expect(text(#"{"Realm":"r"}"#) == nil)
        #expect(text(#"{"Realm":"r","x":1}"#) == #"{"Allow":[],"Deny":[],"Realm":null,"x":1}"#)
    }

    @Test func `what is written reads the same`() {
        let settings = EntrySettings(
            allow: ["b.example", "a.example:81"],
            deny: ["[::1]"],
            realm: "\"é\\\n\u{1}\""
        )
        let text = EntrySettings.text(nil, from: EntrySettings(), to: settings)?.exposedText() ?? ""
        #expect(EntrySettings(json: text.utf8) == settings)
    }

    @Test(arguments: [
        "{\"deny\":[\"a.example\",]", "not ours", "", "{\"deny\":\"a.example\"}", "{\"deny\":[1]}",
        "{\"realm\":{}}",
    ])
    func `a login is left out while what belongs to it can't be read`(text: String) async throws {
        let fixture = try await StoreFixture()
        let id = try await fixture.saveOne(allowHosts: ["a.example"])
        let other = try await fixture.store.save(
            LoginDraft(username: "bob", password: SecretBytes(utf8: "x"), url: "https://b.example")
        )
        let item = try #require(try await fixture.items(StoreFixture.extraSchema).first)
        try await fixture.keyring.change(item, secret: SecretBytes(utf8: text))
        let store = try await fixture.restarted()
        #expect(try await store.index().all.map(\.id) == [other])
        #expect(await store.toldUnreadable == [id])
        // It is put right, and the login is there again.
        let right = #"{"allow":null,"deny":["a.example"]}"#
        try await fixture.keyring.change(item, secret: SecretBytes(utf8: right))
        let again = try await fixture.restarted()
        let logins = try await again.index().all
        #expect(Set(logins.map(\.id)) == [id, other])
        #expect(logins.first { $0.id == id }?.deny == ["a.example"])
    }

    @Test func `an extra in the keyring keeps members that are not Keybell's, through a change`() async throws
    {
        let fixture = try await StoreFixture()
        let id = try await fixture.saveOne(allowHosts: ["a.example"])
        let item = try #require(try await fixture.items(StoreFixture.extraSchema).first)
        let foreign = #"{"allow":["a.example"],"color":"red","weights":[1.5,null,{"deep":true}]}"#
        try await fixture.keyring.change(item, secret: SecretBytes(utf8: foreign))
        let store = try await fixture.restarted()
        _ = try await store.save(LoginDraft(id: id, allowHosts: ["b.example"]))
        let saved = try #require(try await fixture.items(StoreFixture.extraSchema).first)
        #expect(
            try await fixture.keyring.secret(of: saved).exposedText()
                == #"{"allow":["a.example","b.example"],"color":"red","weights":[1.5,null,{"deep":true}]}"#
        )
    }
}
