// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import SecretService
import SecureMemory
import TestSupport
import Testing
import Vault
import VaultTestSupport

@testable import VaultStores

@Suite struct KeyringStoreTests {
    @Test func `a login that secret-tool stores is served, and nothing is written to it`() async throws {
        let fixture = try await StoreFixture()
        let attributes = ["xdg:schema": StoreFixture.schema, "username": "u", "url": "https://example.org"]
        try await fixture.session.storeOutside("By hand", attributes, secret: "typed")
        let login = try #require(try await fixture.store.index().all.first)
        #expect((login.title, login.username, login.url) == ("By hand", "u", "https://example.org"))
        #expect(login.group == nil)
        #expect(
            try await fixture.store.index().matches(url: "https://example.org/", now: 0).map(\.id) == [
                login.id
            ]
        )
        #expect(try await fixture.store.secrets(of: login.id).password == SecretBytes(utf8: "typed"))
        let item = try #require(try await fixture.items(StoreFixture.schema).first)
        #expect(item.attributes == ["username": "u", "url": "https://example.org"])
        #expect(try await fixture.keyring.items(schema: StoreFixture.extraSchema).isEmpty)
        let restarted = try await fixture.restarted()
        #expect(try await restarted.index().all.map(\.id) == [login.id])
        let afresh = try await fixture.restarted(state: fixture.state + "-lost")
        #expect(try await afresh.index().all.map(\.id) == [login.id])
    }

    @Test func `a login stored while we look is served at once`() async throws {
        let fixture = try await StoreFixture()
        #expect(try await fixture.store.index().count == 0)
        try await fixture.session.storeOutside("New", ["xdg:schema": StoreFixture.schema], secret: "x")
        let store = fixture.store
        try await fixture.settle("the new login") { try await store.index().titled("New").count == 1 }
        try await fixture.session.secretTool(["clear", "xdg:schema", StoreFixture.schema])
        try await fixture.settle("its end") { try await store.index().count == 0 }
    }

    @Test func `a new login is an item that secret-tool reads`() async throws {
        let fixture = try await StoreFixture()
        let id = try await fixture.saveOne()
        let outside = try await fixture.session.lookUpOutside([
            "xdg:schema": StoreFixture.schema, "username": "alice",
        ])
        #expect(outside == "first")
        let item = try #require(try await fixture.items(StoreFixture.schema).first)
        #expect(item.label == "Example")
        let expected = [
            "uuid": id.hex, "title": "Example", "username": "alice", "url": "https://example.org/login",
            "group": "KeePassHttp Passwords",
        ]
        #expect(item.attributes == expected)
        #expect(try await fixture.items(StoreFixture.extraSchema).isEmpty)
        let login = try #require(try await fixture.store.index().login(id))
        #expect(login.group?.name == "KeePassHttp Passwords")
        #expect(login.group?.id != nil)
    }

    @Test func `a login without a title takes its host's name`() async throws {
        let fixture = try await StoreFixture()
        let id = try await fixture.store.save(LoginDraft(url: "https://www.example.org/x"))
        #expect(try await fixture.store.index().login(id)?.title == "www.example.org")
        #expect(try await fixture.store.secrets(of: id).password.isEmpty)
    }

    @Test func `what has no place in the item is kept beside it`() async throws {
        let fixture = try await StoreFixture()
        let fields: [String: SecretBytes?] = [
            "KPH: pin": SecretBytes(utf8: "1234"), "URL 1": SecretBytes(utf8: "https://other.example"),
        ]
        let id = try await fixture.saveOne(fields: fields, allowHosts: ["sso.example"])
        for store in [fixture.store, try await fixture.restarted()] {
            let login = try #require(try await store.index().login(id))
            #expect(login.fieldNames == ["KPH: pin", "URL 1"])
            #expect(login.furtherURLs == ["https://other.example"])
            #expect(login.allow == ["sso.example"])
            #expect(try await store.secrets(of: id).fields["KPH: pin"] == SecretBytes(utf8: "1234"))
            #expect(try await store.index().matches(url: "https://other.example", now: 0).map(\.id) == [id])
        }
        let extra = try #require(try await fixture.items(StoreFixture.extraSchema).first)
        #expect(extra.attributes == ["uuid": id.hex])
    }

    @Test func `a change is made in place, and the former password is kept`() async throws {
        let fixture = try await StoreFixture()
        let id = try await fixture.saveOne()
        let path = try await fixture.items(StoreFixture.schema).map(\.path)
        let change = LoginDraft(
            id: id,
            username: "bob",
            password: SecretBytes(utf8: "second"),
            title: "Renamed"
        )
        let preview = try await fixture.store.preview(change)
        #expect(preview.changedFields == ["Name", "Login", "Password"])
        #expect(try await fixture.store.save(change) == id)
        let item = try #require(try await fixture.items(StoreFixture.schema).first)
        #expect([item.path] == path)
        #expect(item.label == "Renamed")
        #expect(item.attributes["username"] == "bob")
        #expect(item.attributes["group"] == "KeePassHttp Passwords")
        #expect(try await fixture.store.secrets(of: id).password == SecretBytes(utf8: "second"))
        let extra = try #require(try await fixture.items(StoreFixture.extraSchema).first)
        let json = try await fixture.keyring.secret(of: extra).exposedText()
        #expect(json == #"{"former":[{"password":"first","until":1700000000}]}"#)
    }

    @Test func `of changes that are made at once none takes back another`() async throws {
        let fixture = try await StoreFixture()
        let id = try await fixture.saveOne()
        let store = fixture.store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...4 {
                let password = number > 2 ? SecretBytes(utf8: "next \(number)") : nil
                let fields: [String: SecretBytes?] = ["KPH: \(number)": SecretBytes(utf8: "\(number)")]
                let draft = LoginDraft(id: id, password: password, fields: fields)
                group.addTask { _ = try await store.save(draft) }
            }
            try await group.waitForAll()
        }
        let fields = try await store.secrets(of: id).fields.keys.sorted()
        #expect(fields == ["KPH: 1", "KPH: 2", "KPH: 3", "KPH: 4"])
        let former = try await store.history(of: id).map { $0.secrets.password.exposedText() }
        let last = try await store.secrets(of: id).password.exposedText()
        #expect(Set(former + [last]) == ["first", "next 3", "next 4"])
        #expect(try await fixture.items(StoreFixture.extraSchema).count == 1)
    }

    @Test func `a save that fails half way lets the login out to no more hosts`() async throws {
        let fixture = try await StoreFixture()
        let first = try await fixture.saveOne()
        let second = try await fixture.saveOne(
            fields: ["KPH: a": SecretBytes(utf8: "b")],
            allowHosts: ["a.example"]
        )
        // It takes secrets, but no other attributes.
        let provider = try await RefusingProvider(over: fixture.session)
        let store = try await fixture.store(through: provider)
        for id in [first, second] {
            let draft = LoginDraft(
                id: id,
                username: "bob",
                password: SecretBytes(utf8: "second"),
                allowHosts: ["more.example"],
                fields: ["KPH: c": SecretBytes(utf8: "d")]
            )
            for _ in 1...2 {
                await #expect(throws: VaultError.self) { try await store.save(draft) }
            }
        }
        for store in [store, try await fixture.restarted()] {
            let index = try await store.index()
            #expect(index.login(first)?.allow == [])
            #expect(index.login(first)?.fieldNames == [])
            #expect(index.login(second)?.allow == ["a.example"])
            #expect(index.login(second)?.fieldNames == ["KPH: a"])
            for id in [first, second] {
                // The password is changed first: the former one is kept, and once.
                let former = try await store.history(of: id).map { $0.secrets.password.exposedText() }
                #expect(former == ["first"])
            }
        }
    }

    @Test func `a password is retired once, however often that is tried`() {
        var extra = LoginExtra()
        let passwords = ["a", "b", "a"].map { SecretBytes(utf8: $0) }
        for password in passwords {
            for time in 1...2 { extra.retire(password, at: Int64(time)) }
        }
        #expect(extra.former.map { $0.password.exposedText() } == ["a", "b", "a"])
        #expect(extra.former.allSatisfy { $0.until == 1 })
    }

    @Test func `a login without a uuid gets one when it is changed, and keeps its name`() async throws {
        let fixture = try await StoreFixture()
        try await fixture.session.storeOutside("Hand", ["xdg:schema": StoreFixture.schema], secret: "x")
        let id = try #require(try await fixture.store.index().all.first?.id)
        _ = try await fixture.store.save(LoginDraft(id: id, username: "new"))
        let item = try #require(try await fixture.items(StoreFixture.schema).first)
        #expect(item.attributes == ["uuid": id.hex, "username": "new"])
        #expect(try await fixture.store.index().login(id)?.title == "Hand")
    }

    @Test func `what changes nothing is unchanged, and what isn't there not found`() async throws {
        let fixture = try await StoreFixture()
        let id = try await fixture.saveOne()
        let same = LoginDraft(id: id, username: "alice", password: SecretBytes(utf8: "first"))
        await #expect(throws: VaultError.unchanged) { try await fixture.store.save(same) }
        let unknown = LoginID.random()
        await #expect(throws: VaultError.notFound) {
            try await fixture.store.save(LoginDraft(id: unknown, username: "x"))
        }
        await #expect(throws: VaultError.notFound) { try await fixture.store.secrets(of: unknown) }
        await #expect(throws: VaultError.self) {
            try await fixture.store.save(
                LoginDraft(id: id, fields: ["KeePassHttp Settings": SecretBytes(utf8: "{}")])
            )
        }
    }

    @Test func `what belongs to a login goes with it`() async throws {
        let fixture = try await StoreFixture()
        let id = try await fixture.saveOne(fields: ["KPH: a": SecretBytes(utf8: "b")])
        let other = try await fixture.saveOne(fields: ["KPH: c": SecretBytes(utf8: "d")])
        try await fixture.session.secretTool(["clear", "xdg:schema", StoreFixture.schema, "uuid", id.hex])
        try await eventually("its extra's end") {
            let left = try await fixture.items(StoreFixture.extraSchema).map { $0.attributes["uuid"] }
            return left == [other.hex] ? () : nil
        }
        #expect(try await fixture.store.index().all.map(\.id) == [other])
    }

    @Test func `where a login that is gone may come back, what belongs to it stays for a month`() async throws
    {
        let fixture = try await StoreFixture(mayReturn: { _ in true })
        let id = try await fixture.saveOne(fields: ["KPH: a": SecretBytes(utf8: "b")])
        let other = try await fixture.saveOne(fields: ["KPH: c": SecretBytes(utf8: "d")])
        let store = fixture.store
        try await fixture.session.secretTool(["clear", "xdg:schema", StoreFixture.schema, "uuid", id.hex])
        try await fixture.settle("its end") { try await store.index().all.map(\.id) == [other] }
        fixture.clock.update { $0 += 29 * 86_400 }
        let restarted = try await fixture.restarted()
        #expect(try await restarted.index().count == 1)
        await restarted.saves.isDone()
        #expect(try await fixture.items(StoreFixture.extraSchema).count == 2)
        fixture.clock.update { $0 += 86_400 }
        let last = try await fixture.restarted()
        _ = try await last.index()
        try await eventually("the end of what belonged to it") {
            let left = try await fixture.items(StoreFixture.extraSchema).map { $0.attributes["uuid"] }
            return left == [other.hex] ? () : nil
        }
    }

    @Test func `a login that comes back has what belonged to it`() async throws {
        let fixture = try await StoreFixture(mayReturn: { _ in true })
        let id = try await fixture.saveOne(allowHosts: ["a.example"])
        let item = try #require(try await fixture.items(StoreFixture.schema).first)
        let store = fixture.store
        try await fixture.session.secretTool(["clear", "xdg:schema", StoreFixture.schema, "uuid", id.hex])
        try await fixture.settle("its end") { try await store.index().all.isEmpty }
        let attributes = item.attributes.merging(["xdg:schema": StoreFixture.schema]) { $1 }
        try await fixture.session.storeOutside("Example", attributes, secret: "first")
        try await fixture.settle("its return") { try await store.index().login(id)?.allow == ["a.example"] }
    }

    @Test func `a password changed from outside is handed out at once`() async throws {
        let fixture = try await StoreFixture()
        let id = try await fixture.saveOne()
        #expect(try await fixture.store.secrets(of: id).password == SecretBytes(utf8: "first"))
        let item = try #require(try await fixture.items(StoreFixture.schema).first)
        try await fixture.keyring.change(item, secret: SecretBytes(utf8: "by Seahorse"))
        #expect(try await fixture.store.secrets(of: id).password == SecretBytes(utf8: "by Seahorse"))
    }
}
